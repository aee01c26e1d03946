"""Which parts of a text quote somebody else: what its author wrote should rank before it.

Line by line, once: linear in the text, whatever it holds.
"""

from __future__ import annotations

import re

_LONGEST_LINE = 400  # characters of a line that are looked at
_QUOTE_MARKS = (">", "|", "›", "»")
_ATTRIBUTION = re.compile(
    r"(?:On\b.{4,200}\bwrote|Am\b.{4,200}\bschrieb\b.{0,80}|Le\b.{4,200}\ba écrit|El\b.{4,200}\bescribió"
    r"|Il\b.{4,200}\bha scritto|Op\b.{4,200}\bschreef\b.{0,80}|Em\b.{4,200}\bescreveu"
    r"|Den\b.{4,200}\bskrev\b.{0,80}|W dniu\b.{4,200}\bpisze|.{1,120}\bwrites"
    r"|.{4,200}(?:写道|のメール|さんは書きました|작성))\s?[:：]\s*$"
)
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(?:Original Message|Original Appointment|Ursprüngliche Nachricht|Message d'origine"
    r"|Mensaje original|Messaggio originale|Oorspronkelijk bericht|Forwarded by .{1,100}"
    r"|原始邮件|元のメッセージ)\s*-{2,}",
    re.IGNORECASE,
)
_OUTLOOK_FROM = re.compile(r"\*?(?:From|Von|De|Da|Van|发件人|差出人)\s?[:：]\*? ?\S")
_OUTLOOK_NEXT = re.compile(
    r"\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden|发送时间|送信日時)\s?[:：]"
)


def quoted_spans(text: str) -> tuple[tuple[int, int], ...]:
    """[start, end) in characters of what is quoted: sorted, disjoint, whole lines.

    Quoted lines and the line that says whose they are; from an "Original Message" mark or a block
    of Outlook's headers on, all that follows.
    """
    spans: list[tuple[int, int]] = []
    at = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        end = min(at + len(line) + 1, len(text))
        seen = line[:_LONGEST_LINE]
        if _begins_original(seen, lines, number):
            spans.append((at, len(text)))
            break
        if seen.lstrip().startswith(_QUOTE_MARKS) or _ATTRIBUTION.match(seen):
            if spans and spans[-1][1] == at:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((at, end))
        at = end
    return tuple(span for span in spans if span[0] < span[1])


def _begins_original(line: str, lines: list[str], number: int) -> bool:
    if _ORIGINAL.match(line):
        return True
    return (
        number > 0
        and _OUTLOOK_FROM.match(line) is not None
        and any(_OUTLOOK_NEXT.match(after[:80]) for after in lines[number + 1 : number + 3])
    )
