"""How fast a note is read with the shipped vocabulary: milliseconds for about 450 words, warm and cold."""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import orjson

from knowledge.vocabulary import Vocabulary
from tools.text import read

_VOCABULARY = Path(__file__).resolve().parents[2] / "knowledge" / "data" / "vocabulary"
_NOTE = """CHIEF COMPLAINT
Knee pain and blood pressure check.

HISTORY OF PRESENT ILLNESS
The patient is a 63-year-old woman with a history of hypertension, diabetes and osteoarthritis who comes
for pain in her right knee. It began 3 weeks ago after a fall in her garden. She takes ibuprofen 600 mg every
8 hours with partial relief. She denies fever, chills, chest pain, shortness of breath, nausea, or vomiting.
Her mother had a stroke at 70. Her sugars at home have run in the 140s; she is taking metformin twice daily.

REVIEW OF SYSTEMS
- Constitutional: Denies weight loss or night sweats.
- Cardiovascular: Denies palpitations or leg swelling.
- Musculoskeletal: Endorses right knee pain and stiffness. Denies back pain.
- Neurological: Denies numbness, tingling, or weakness.

SOCIAL HISTORY
Former smoker, 20 pack-years, quit in 2012. Drinks a glass of wine on weekends.

VITALS
BP 148/86 mmHg, pulse 72, temperature 98.4 F, oxygen saturation 98%, BMI 31.4.

PHYSICAL EXAM
- General: Well appearing, in no acute distress.
- Cardiovascular: Regular rate and rhythm. No murmurs, rubs, or gallops.
- Lungs: Clear to auscultation. No wheezes or rales.
- Musculoskeletal: Examination of the right knee: mild effusion, tenderness over the medial joint line. Full
  range of motion. No instability.

RESULTS
X-rays of the right knee, 3 views, were obtained and reviewed in the office today. They show moderate medial
joint space narrowing and no fracture. Hemoglobin A1c was 7.4. Creatinine 0.9 mg/dL, potassium 4.2.

ASSESSMENT AND PLAN
1. Right knee osteoarthritis.
- Medical Reasoning: Her pain is most likely due to osteoarthritis; gout is unlikely.
- Medical Treatment: Stop ibuprofen. Start acetaminophen 1000 mg three times daily. A cortisone injection was
  discussed; she would like to wait. Refer to physical therapy.

2. Hypertension, not at goal.
- Medical Treatment: Increase lisinopril from 10 mg to 20 mg daily.
- Additional Testing: Basic metabolic panel ordered in 2 weeks.

3. Type 2 diabetes, well controlled.
- Medical Treatment: Continue metformin 1000 mg twice daily. Repeat hemoglobin A1c in 3 months.

I spent 8 minutes on tobacco counseling. Return if fever, redness, or swelling develops.
"""


def note_of(words: int) -> str:
    """Return synthetic note text of about this many words."""
    parts = _NOTE.split(" ")
    return " ".join(parts * (words // len(parts)) + parts[: words % len(parts)])


def measure(vocabulary: Vocabulary, rounds: int) -> dict[str, object]:
    """Time the first read (it compiles the vocabulary) and the warm ones."""
    text = note_of(450)
    begin = time.perf_counter()
    note = read(text, vocabulary)
    cold = time.perf_counter() - begin
    times, busy = [], []
    for _ in range(rounds):
        begin, start = time.perf_counter(), time.process_time()
        read(text, vocabulary)
        times.append(time.perf_counter() - begin)
        busy.append(time.process_time() - start)
    long = (_NOTE * (200_000 // len(_NOTE) + 1))[:200_000]
    begin = time.perf_counter()
    read(long, vocabulary)
    return {
        "words": len(text.split()),
        "terms": len(vocabulary.problems) + len(vocabulary.medications) + len(vocabulary.tests),
        "mentions": len(note.mentions),
        "first_ms": round(cold * 1e3, 2),
        "median_ms": round(median(times) * 1e3, 2),
        "median_cpu_ms": round(median(busy) * 1e3, 2),
        "best_ms": round(min(times) * 1e3, 2),
        "characters_200000_ms": round((time.perf_counter() - begin) * 1e3, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the timings as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--vocabulary", type=Path, default=_VOCABULARY, help="folder of vocabulary tables")
    options = parser.parse_args(arguments)
    report = measure(Vocabulary.load(options.vocabulary), options.rounds)
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
