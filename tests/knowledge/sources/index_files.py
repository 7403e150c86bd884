"""Small index files of our own in the official shape, and ways to damage them."""

from pathlib import Path

INDEX = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2025</version>
  <title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>
  <letter><title>A</title>
    <mainTerm><title>Ache, aching</title><seeAlso>Pain</seeAlso><code>R52</code></mainTerm>
    <mainTerm><title>Aqueous ache</title><see>Pain, thigh</see></mainTerm>
    <mainTerm><title>Around ache</title><see>Aqueous ache</see></mainTerm>
  </letter>
  <letter><title>P</title>
    <mainTerm><title>Pain(s) <nemod>(plain) (see also Painful)</nemod></title><code>R52</code>
      <term level="1"><title>thigh</title><code>M79.65-</code></term>
      <term level="1"><title>with</title>
        <term level="2"><title>sugar <nemod>(high)</nemod> NEC</title><code>E11.9</code></term>
      </term>
    </mainTerm>
    <mainTerm><title>Zorblax's disease</title><code>E11.65</code></mainTerm>
  </letter>
</ICD10CM.index>
"""
NEOPLASM = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2026</version>
  <indexHeading>
    <head col="1">Neoplasm</head><head col="2">Malignant Primary</head><head col="3">Malignant Secondary</head>
    <head col="4">Ca in situ</head><head col="5">Benign</head><head col="6">Uncertain Behavior</head>
    <head col="7">Unspecified Behavior</head>
  </indexHeading>
  <letter><title>N</title>
    <mainTerm><title>Neoplasm, neoplastic</title>
      <cell col="2">C80.1</cell><cell col="3">C79.9</cell><cell col="4">D09.9</cell>
      <cell col="5">D36.9</cell><cell col="6">D48.9</cell><cell col="7">D49.9</cell>
      <term level="1"><title>breast <nemod>(soft parts)</nemod></title>
        <cell col="2">C50.9-</cell><cell col="3">C79.81</cell><cell col="4">D05.9-</cell>
        <cell col="5">D24.-</cell><cell col="6">D48.6-</cell><cell col="7">D49.3</cell>
        <term level="2"><title>upper-outer quadrant</title>
          <cell col="2">C50.4-</cell><cell col="3">C79.81</cell><cell col="4">D05.9-</cell>
          <cell col="5">D24.-</cell><cell col="6">D48.6-</cell><cell col="7">D49.3</cell>
        </term>
      </term>
      <term level="1"><title>wall of chest</title><cell col="2">C76.1</cell><cell col="3">-</cell></term>
    </mainTerm>
  </letter>
</ICD10CM.index>
"""
DRUG = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2026</version>
  <indexHeading>
    <head col="1">Substance</head><head col="2">Poisoning Accidental (unintentional)</head>
    <head col="3">Poisoning Intentional self-harm</head><head col="4">Poisoning Assault</head>
    <head col="5">Poisoning Undetermined</head><head col="6">Adverse effect</head><head col="7">Underdosing</head>
  </indexHeading>
  <letter><title>A</title>
    <mainTerm><title>Aspirin <nemod>(aluminum)</nemod></title>
      <cell col="2">T39.011</cell><cell col="3">T39.012</cell><cell col="4">T39.013</cell>
      <cell col="5">T39.014</cell><cell col="6">T39.015</cell><cell col="7">T39.016</cell>
    </mainTerm>
  </letter>
  <letter><title>P</title>
    <mainTerm><title>Penicillin <nemod>(any)</nemod></title>
      <cell col="2">T36.0X1</cell><cell col="3">T36.0X2</cell><cell col="4">T36.0X3</cell>
      <cell col="5">T36.0X4</cell><cell col="6">T36.0X5</cell><cell col="7">T36.0X6</cell>
    </mainTerm>
    <mainTerm><title>Petrol vapor</title>
      <cell col="2">T52.0X1</cell><cell col="3">T52.0X2</cell><cell col="4">T52.0X3</cell>
      <cell col="5">T52.0X4</cell><cell col="6">--</cell><cell col="7">--</cell>
    </mainTerm>
  </letter>
</ICD10CM.index>
"""
EXTERNAL = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
  <version>2026</version>
  <title>ICD-10-CM EXTERNAL CAUSE of INJURIES INDEX</title>
  <letter><title>F</title>
    <mainTerm><title>Fall, falling <nemod>(accidental)</nemod></title><code>W19</code>
      <term level="1"><title>from hammock swing</title><code>W09.1</code></term>
      <term level="1"><title>lightning</title><subcat>T75.0</subcat></term>
    </mainTerm>
  </letter>
</ICD10CM.index>
"""
ADDENDA = """                  ICD-10-CM INDEX to DISEASES and INJURIES
                                2026 Addenda
No Change     Pain (plain)
Revise from   - thigh M79.65-
Revise to     - thigh (upper leg) M79.651
Add           - elbow M25.52-
No Change     - with
Delete        - - sugar (high) NEC E11.9
Add           Quuxitis (a long title that
              goes on) - see Pain, elbow
"""


def written(folder: Path, text: str, name: str = "file.xml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
