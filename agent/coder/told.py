"""What whole sentences tell for medical decision making: sources read, own interpretation, drugs and operations decided."""

import re
from collections.abc import Iterable, Iterator

from agent.coder.case import ASSESSMENT, Case, Seen
from agent.coder.spoken import sentences

SOURCE = (
    r"(?:emergency(?: department| room)?|\b(?:ed|er)\b|urgent care|hospital|discharge|outside|referring|"
    r"outpatient|primary care|cardiology|neurology|oncology|consult\w*)"
)
PAPERS = r"(?:summary|records?|notes?|documentation|reports?)"
OUTSIDE = re.compile(
    rf"(?:reviewed|read)\b[^.]{{0,40}}(?P<a>{SOURCE})[^.]{{0,30}}\b{PAPERS}\b|"
    rf"(?P<b>{SOURCE})[^.]{{0,40}}\b{PAPERS}\b[^.]{{0,40}}\b(?:reviewed|read)\b|"
    rf"\b(?:reviewed|read)\b[^.]{{0,20}}\b{PAPERS} from[^.]{{0,20}}(?P<c>{SOURCE})",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"emergency|\b(?:ed|er)\b|hospital|urgent care|underwent|outside", re.IGNORECASE)
INTERPRETED = re.compile(
    r"\b(?:personally|independently) (?:\w+ ){0,2}(?:review|interpret|read|view|look)\w*|"
    r"\bmy (?:own |independent )?(?:interpretation|read\b|reading)|independent(?:ly)? interpret\w*|"
    r"\b(?:independent|personal) (?:review|read|reading|interpretation|visualization)\b",
    re.IGNORECASE,
)
HERE = re.compile(
    r"\b(?:obtained|taken|performed|done)\b(?! (?:on|in) (?:\d|jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec)|"
    r" (?:at|by) (?:an? |the )?(?:outside|hospital|emergency|urgent|imaging))|\bin (?:the |our )?(?:office|clinic)",
    re.IGNORECASE,
)
THEM = re.compile(r"\b(?:images?|films?|study|scans?|tracings?|pictures?)\b", re.IGNORECASE)
"""What a sentence on one's own reading calls the picture that the sentence before it names."""
PICTURE = re.compile(
    r"x-ray|mri|ct|ultrasound|electrocardiogram|echocardiogram|imaging|tracing", re.IGNORECASE
)
DISCUSSED = re.compile(
    r"\b(?:spoke|spoken|conferred|discussed (?:the |this |her |his )?(?:case|care|management|results?|findings))"
    r"(?: today)?(?: by (?:tele)?phone| over the phone)? with (?:the |her |his |on-call |dr\.? \w+,? )*"
    r"(?:\w+ologist|surgeon|pharmacist|hospitalist|case manager)",
    re.IGNORECASE,
)
KIN = "wife|husband|spouse|partner|daughter|son|mother|father|mom|dad|parents?|caregiver|guardian|sister|brother|aide"
HISTORY_FROM = re.compile(
    r"\bhistory (?:is |was )?(?:also )?(?:obtained|provided|given|supplied|supplemented|corroborated)\b[^.]{0,25}"
    rf"\b(?:by|from) (?:the |his |her |their |patient's )*(?:{KIN}|grand\w+)|"
    rf"\b(?:{KIN})\b[^.]{{0,40}}\b(?:gave|gives|provided|provides|supplied)\b (?:\w+ ){{0,4}}history\b",
    re.IGNORECASE,
)
DRUG = (
    r"(?:steroids?|antibiotics?|inhalers?|muscle relaxants?|antivirals?|eye ?drops|antihypertensives?|"
    r"antidepressants?|prednisone|medrol dose ?pa\w+|statins?|arbs?|ace inhibitors?|beta[- ]?blockers?|diuretics?|"
    r"insulin|anticoagulants?|blood thinners?|birth control pills?|contraceptives?|anticonvulsants?|biologics?|"
    r"immunosuppress\w+|stimulants?|thyroid (?:medication|medicine|replacement)|"
    r"(?:blood pressure|diabetes|heart|seizure|asthma|cholesterol|reflux|pain) (?:medications?|medicines?|pills?))"
)
KEPT = re.compile(
    r"\b(?:continu\w*|same|unchanged|no changes?|remain\w*|stay\w*|keep\w*|kept|maintain\w*|refill\w*|complete|"
    r"as before|as prescribed|as is|already|current\w*|takes|taking|stable|doing well|controlled|on (?:her|his|their))\b",
    re.IGNORECASE,
)
PRESCRIBED = re.compile(
    rf"\b(?:prescri\w+|start\w*|begin|refill\w*|continue[sd]?|sent in|e-?prescri\w+|"
    rf"(?:remain|stay|keep)\w*(?: \w+)? on|maintain\w*|resum\w*|add(?:ed|ing)?|switch\w*)\b[^.]{{0,50}}\b{DRUG}\b|"
    rf"\b{DRUG}\b[^.]{{0,30}}\b(?:(?:was|were|is|are|will be) )(?:\w+ )?(?:prescribed|started|refilled|sent)\b|"
    r"\b(?:refilled|renewed|prescribed) (?:all |her |his |the |these |their )+(?:current )?(?:medications?|medicines)|"
    r"\bcontinue (?:all |her |his |the |their )*(?:current )?(?:prescription )(?:medications?|medicines)",
    re.IGNORECASE,
)
SCRIPT = re.compile(
    r"\b(?:I|we) (?:will |am going to |have |also |did )*(?:prescrib\w+|gave (?:her|him|them) a prescription for)|"
    r"\b(?:will be|was|were|is being) prescribed\b|\bprescriptions? (?:for|of) |\bprescriptions? (?:was |were |has been |have been )?"
    r"(?:provided|sent|submitted|given|called in|written)\b",
    re.IGNORECASE,
)
NO_MEDICINE = re.compile(
    r"therapy|glasses|lens|brace|orthotic|boot|walker|wheelchair|shoes|stocking|\bmri\b|\bct\b|x-?ray|\blabs?\b|imaging|exercise|"
    r"crutch|splint|cane|rehab|ibuprofen|motrin|tylenol|acetaminophen|advil|aleve|vitamin|calcium",
    re.IGNORECASE,
)
SAME_REGIMEN = re.compile(
    r"\b(?:continu\w+|stay on|remain on|maintain\w*|no changes? (?:to|in)|refill\w*)\b[^.]{0,30}?\b(?:current|same|present|existing|home) "
    r"(?:\w+ )?(?:medications?|medicines?|meds|regimen|doses?|dosage)\b",
    re.IGNORECASE,
)
DOSED = re.compile(
    r"\b(?:prescri\w+|start(?:ed|ing)?|initiat\w+|begin|refill\w*|continue[sd]?|increase[sd]?|decrease[sd]?|switch\w*|send|sent|take)\b"
    r"[^.]{0,60}\b\d[\d.,]* ?(?:mg|mcg|milligrams?|micrograms?|units?|%)",
    re.IGNORECASE,
)
COUNTER = re.compile(
    r"tylenol|acetaminophen|paracetamol|ibuprofen|advil|motrin|aleve|naproxen|aspirin|vitamin|calcium|magnesium|zinc|iron|"
    r"melatonin|fish oil|fiber|miralax|claritin|zyrtec|allegra|benadryl|mucinex|sodium|supplement|caffeine|salt|fluid",
    re.IGNORECASE,
)
NAMED = (
    r"(?:surgery|\borif\b|open reduction|arthroplasty|(?:knee|hip|shoulder|joint|valve) replacement|\w{3,}ectomy|"
    r"arthroscop\w+|reconstruction|spinal fusion|bypass|\bresection|decompression|craniotomy|osteotomy|transplant\w*|(?:hernia|tendon|ligament|meniscus|cuff) repair|"
    r"(?:surgical|operative) (?:repair|fixation|treatment|intervention|management))"
)
OPERATED = re.compile(
    r"\b(?:recommend\w*|proceed\w*|schedul\w*|elect(?:s|ed)?|agree[sd]?|wishes|would like|decided|consent\w*|opt(?:s|ed))\b"
    rf"[^.]{{0,80}}?(?P<what>{NAMED})",
    re.IGNORECASE,
)
CHEMOTHERAPY = re.compile(
    r"\b(?:start|begin|initiat|receiv|undergo|proceed|continu|followed by|plan(?:ned|s)? (?:for|on)|recommend|cycle)\w*"
    r"[^.]{0,60}?\bchemo(?:therapy|radiation)?\b",
    re.IGNORECASE,
)
"""Cytotoxic treatment decided: the example that CPT gives for drug therapy monitored for toxicity."""
UNSURE = re.compile(
    r"\b(?:no|not|never|avoid\w*|declin\w*|defer\w*|without|if|unless|may|might|could|consider\w*|history|previous\w*|"
    r"status post|after|following|non-?(?:surgical|operative)|consult\w*|refer\w*|evaluat\w*|would(?! like to))\b",
    re.IGNORECASE,
)
UNSURE_THERAPY = re.compile(
    r"\b(?:no|not|never|declin\w*|if|may|might|could|consider\w*|fail\w*|completed|despite|history|unless)\b",
    re.IGNORECASE,
)
NOT_DRUG = re.compile(
    r"\b(?:no|not|never|without|declin\w*|previously|if|may|might|could|consider\w*|stop\w*|injection|inject\w*|over[- ]the[- ]counter)\b",
    re.IGNORECASE,
)


THERAPY = re.compile(
    r"\b(?:(?:physical|occupational|speech|hand) therapy|\bpt\b|splint|brace|walking boot|sling|crutches|orthotics?|hearing aids?|"
    r"insoles?|(?:continu|attend|resum|start|begin)\w*(?: with)?(?: the)? therapy|strap|ace wrap|compression (?:stockings?|wrap|sleeve)|home exercises?|exercise program|stretching)\b",
    re.IGNORECASE,
)


def item(case: Case, listed: Iterable[Seen]) -> list[str]:
    """The sentences of the assessment from the header of a problem up to the next header."""
    heads = sorted({(m.document, m.sentence) for m in case.mentions if m.in_assessment and m.is_header})
    own = {(m.document, m.sentence) for m in listed if m.in_assessment and m.is_header}
    words = []
    for seen, text in decided(case):
        before = [h for h in heads if h[0] == seen.document and h[1] <= seen.sentence]
        if before and before[-1] in own:
            words.append(text)
    return words


def therapies(case: Case) -> Iterator[Seen]:
    """Conservative treatment decided, in whatever words."""
    return (
        seen
        for seen, text in decided(case)
        if (found := THERAPY.search(text)) and not UNSURE_THERAPY.search(text[: found.start()])
    )


def sources(case: Case) -> list[str]:
    """Outside sources whose papers were read for this visit, each source once, in the note's words."""
    found: dict[str, str] = {}
    for text in case.texts.values():
        for m in OUTSIDE.finditer(text):
            source = (m["a"] or m["b"] or m["c"]).lower()
            found.setdefault(source[:4], " ".join(m[0].lower().split()))
    return list(found.values())


def outside_tests(case: Case) -> list[Seen]:
    """Results of tests made elsewhere and told in the history, when the papers that hold them were read today."""
    return [
        m
        for m in case.of("test")
        if m.section_kind == "hpi"
        and m.event in {None, "done", "reviewed"}
        and m.assertion == "present"
        and m.experiencer == "patient"
        and ELSEWHERE.search(case.sentence(m))
    ]


def interpreted(case: Case, billed: set[str]) -> list[Seen]:
    """Images and tracings that the provider interpreted and that were neither made nor billed here."""
    found = []
    for m in case.of("test"):
        text = case.sentence(m)
        after = _next(case, m)
        own = INTERPRETED.search(text) or (INTERPRETED.search(after) and THEM.search(after))
        if (
            m.event == "reviewed"
            and m.concept not in billed
            and PICTURE.search(str(m.concept))
            and own
            and not HERE.search(text)
        ):
            found.append(m)
    return found


def _next(case: Case, seen: Seen) -> str:
    """The sentence after the one in which a mention stands, within the same section; empty at its end."""
    spans = case.sentences.get(seen.document, [])
    place = int(seen.sentence) + 1
    if place >= len(spans) or spans[place][2] != spans[place - 1][2]:
        return ""
    start, end, *_ = spans[place]
    return case.texts.get(seen.document, "")[start:end]


def discussions(case: Case) -> Iterator[Seen]:
    """Talks with an outside professional about management or a result."""
    return (seen for seen, text in sentences(case) if DISCUSSED.search(text))


def historians(case: Case) -> Iterator[Seen]:
    """Sentences that say who else gave the history."""
    return (seen for seen, text in sentences(case) if HISTORY_FROM.search(text))


def prescriptions(case: Case) -> Iterator[Seen]:
    """Prescription drugs decided by kind ("a course of oral steroids was prescribed"), or by a name unknown here and a dose."""
    known = {(m.document, m.sentence) for m in case.of("medication")}
    taken = any(m.availability == "rx" and m.is_taken for m in case.of("medication"))
    for seen, text in decided(case):
        by_dose = (
            (seen.document, seen.sentence) not in known and DOSED.search(text) and not COUNTER.search(text)
        )
        unnamed = bool(SCRIPT.search(text)) and not NO_MEDICINE.search(text)
        kept = taken and bool(SAME_REGIMEN.search(text))
        if (by_dose or unnamed or kept or PRESCRIBED.search(text)) and not NOT_DRUG.search(text):
            yield seen


def operations(case: Case) -> Iterator[Seen]:
    """Operations decided with the patient; a referral or a mere possibility is not a decision."""
    return _settled(case, OPERATED, UNSURE)


def chemotherapies(case: Case) -> Iterator[Seen]:
    """Chemotherapy decided or under way; what may be considered later is not."""
    return _settled(case, CHEMOTHERAPY, UNSURE_THERAPY)


def _settled(case: Case, what: "re.Pattern[str]", unsure: "re.Pattern[str]") -> Iterator[Seen]:
    for seen, text in decided(case):
        found = what.search(text)
        if found and not unsure.search(text[: found.end()]):
            yield seen


def decided(case: Case) -> Iterator[tuple[Seen, str]]:
    """The sentences of the assessment and the plan."""
    return ((seen, text) for seen, text in sentences(case) if seen.section_kind in ASSESSMENT)


def states(found: Iterable["re.Match[str]"], denied: "re.Pattern[str]", reach: int = 60) -> bool:
    """Whether one of the places found stands without a denial in the ``reach`` characters before it."""
    return any(not denied.search(m.string[max(0, m.start() - reach) : m.start()]) for m in found)
