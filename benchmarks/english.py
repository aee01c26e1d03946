"""English words for the generated mail: small ones, families of forms, twins, phrases."""

from __future__ import annotations

# The most frequent words of English mail, in that order.
SMALL = """
the to a of and is in for on this that i it you be with not have are as if at by or from an we can
but so my was all will do no there any your has would what use one me they just when like more about
which some only out up get how then been should also know other than our wrote time new please them
now see were who make work could need think here way had does their its may want into first because
these even very good where two well did much still same after over right us most too before such
change thanks since list problem between message him being using those under without however however
best few find read look try send help question line old run set week day name number long sure same
nothing something really again back down off own while through both each another little around
""".split()  # noqa: SIM905

# Each line is a family: forms of one stem, and words that share a beginning or an inside.
FAMILIES = tuple(
    line.split()
    for line in """
meeting meetings meet meets
release releases released releasing
report reports reported reporting reporter
support supports supported supporting supporter
import imports imported importing
important importance importantly
export exports exported exporting exporter
port ports ported portable portability
transport transports transported transportation
airport airports
opportunity opportunities
portfolio portfolios
conference conferences
configure configures configured configuring configuration configurations
confirm confirms confirmed confirmation confirming
conflict conflicts conflicted conflicting
confidence confident confidently
confuse confused confusing confusion
reload reloads reloaded reloading
budget budgets budgeted budgeting
invoice invoices invoiced invoicing
contract contracts contracted contracting contractor
agreement agreements agree agrees agreed
kernel kernels
patch patches patched patching
server servers served serving
driver drivers drive drives driving
interface interfaces
schedule schedules scheduled scheduling
deadline deadlines
customer customers
payment payments pay pays paid paying
account accounts accounted accounting accountant
project projects projected
manager managers manage manages managed managing management
document documents documented documenting documentation
install installs installed installing installation installations
compile compiles compiled compiling compiler compilers
connect connects connected connecting connection connections
discuss discusses discussed discussing discussion discussions
develop develops developed developing developer developers development
order orders ordered ordering
deliver delivers delivered delivering delivery deliveries
review reviews reviewed reviewing reviewer reviewers
approve approves approved approving approval approvals
update updates updated updating
upgrade upgrades upgraded upgrading
archive archives archived archiving
travel travels travelled travelling traveller
train trains trained training trainer
flight flights
hotel hotels
ticket tickets
station stations
library libraries librarian
package packages packaged packaging
version versions versioned
market markets marketed marketing
price prices priced pricing
energy energies
power powers powered powerful
trade trades traded trading trader traders
deal deals dealt dealing dealer
policy policies
lawyer lawyers
legal legally
answer answers answered answering
suggest suggests suggested suggesting suggestion suggestions
explain explains explained explaining explanation
describe describes described describing description descriptions
require requires required requiring requirement requirements
receive receives received receiving receiver
attach attaches attached attaching attachment attachments
forward forwards forwarded forwarding
remember remembers remembered remembering
garden gardens gardener gardening
harbour harbours
lighthouse lighthouses
bicycle bicycles
kitchen kitchens
window windows
weather
holiday holidays
birthday birthdays
weekend weekends
teacher teachers teach teaches teaching taught
student students study studies studied studying
school schools schooling
doctor doctors
hospital hospitals
medicine medicines medical
church churches
music musical musician musicians
concert concerts
painting paintings paint paints painted painter
camera cameras
picture pictures pictured
network networks networked networking
router routers route routes routed routing
firewall firewalls
password passwords
encrypt encrypts encrypted encrypting encryption
signature signatures sign signs signed signing
backup backups
database databases
query queries queried querying
index indexes indexed indexing
memory memories
buffer buffers buffered buffering
thread threads threaded threading
process processes processed processing processor processors
filter filters filtered filtering
measure measures measured measuring measurement measurements
experiment experiments experimental
theory theories theoretical
equation equations
accordion accordions
chrysanthemum chrysanthemums
saxophone saxophones
kaleidoscope kaleidoscopes
""".strip().splitlines()
)

# The same letters with another capital or accent: `=Polish` is not `polish`.
TWINS = tuple(
    line.split()
    for line in """
Polish polish
March march
Turkey turkey
Bill bill
Mark mark
Rose rose
Reading reading
Bath bath
Nice nice
Apple apple
Java java
Python python
Rust rust
Swift swift
Ruby ruby
Amazon amazon
Größe größe
Résumé résumé resume
Café café cafe
Müller Muller
Naïve naïve naive
Façade façade facade
Jürgen Jurgen
""".strip().splitlines()
)

PHRASES = tuple(
    phrase.split()
    for phrase in """
on the other hand|as soon as possible|let me know|please find attached|thank you for
at the end of the day|in the long run|best regards|looking forward to|as far as i know
for what it is worth|in other words|by the way|at the moment|more or less
the release notes|a second opinion|the annual budget|the next meeting|kernel patch
out of the office|close of business|point of view|state of the art|work in progress
memory leak|race condition|power of attorney|non disclosure agreement|terms and conditions
the quarterly report|travel expenses|customer support|import duty|conference call
room for improvement|point of no return|change of address|lack of evidence|cause for concern
the lighthouse keeper|a bicycle shed|concert tickets|garden furniture|airport transfer
""".strip().replace("\n", "|").split("|")
)  # fmt: skip
"""Words that stand side by side more often than chance would have it, the most frequent first."""
