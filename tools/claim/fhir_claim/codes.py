"""Code systems and extension addresses of the FHIR claim, as their owners publish them."""

from typing import TypeAlias

from knowledge.records import CodeSystem

Json: TypeAlias = dict[str, object]

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
"""HL7 Terminology's canonical for HCPCS Level II; http, not https (corrected there in 2023)."""
HCPCS_SPELLINGS = frozenset({HCPCS, HCPCS.replace("http:", "https:"), "urn:oid:2.16.840.1.113883.6.285"})
PLACE_OF_SERVICE = "https://www.cms.gov/Medicare/Coding/place-of-service-codes"
NPI = "http://hl7.org/fhir/sid/us-npi"
EIN = "urn:oid:2.16.840.1.113883.4.4"
SSN = "http://hl7.org/fhir/sid/us-ssn"
CLIA = "urn:oid:2.16.840.1.113883.4.7"
NUCC = "http://nucc.org/provider-taxonomy"
NDC = "http://hl7.org/fhir/sid/ndc"
UCUM = "http://unitsofmeasure.org"
CURRENCY = "urn:iso:std:iso:4217"
FILING = "https://codesystem.x12.org/005010/1032"
"""X12 data element 1032, claim filing indicator."""
ADJUSTMENT_GROUP = "https://codesystem.x12.org/005010/1033"
"""X12 data element 1033, claim adjustment group."""
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"

_HL7 = "http://terminology.hl7.org/CodeSystem/"
CLAIM_TYPE = _HL7 + "claim-type"
PRIORITY = _HL7 + "processpriority"
INFO_CATEGORY = _HL7 + "claiminformationcategory"
RELATED = _HL7 + "ex-relatedclaimrelationship"
DIAGNOSIS_TYPE = _HL7 + "ex-diagnosistype"
RELATIONSHIP = _HL7 + "subscriber-relationship"
COVERAGE_CLASS = _HL7 + "coverage-class"
CARE_TEAM = _HL7 + "claimcareteamrole"
IDENTIFIER_TYPE = _HL7 + "v2-0203"
ADJUDICATION = _HL7 + "adjudication"
PAYMENT_TYPE = _HL7 + "ex-paymenttype"
INCIDENT = _HL7 + "v3-ActCode"

_PCT = "http://hl7.org/fhir/us/davinci-pct/"
PCT_INFO = _PCT + "CodeSystem/PCTSupportingInfoType"
PCT_FREQUENCY = _PCT + "CodeSystem/PCTGFEFrequency"
PCT_DIAGNOSIS = _PCT + "CodeSystem/PCTDiagnosisType"
PCT_PROCEDURE = _PCT + "CodeSystem/PCTProcedureType"
PCT_ROLE = _PCT + "CodeSystem/PCTCareTeamRole"
PCT_ORGANIZATION_ID = _PCT + "CodeSystem/PCTOrgIdentifierTypeCS"
TAXONOMY_EXTENSION = _PCT + "StructureDefinition/providerTaxonomy"
REFERRAL_EXTENSION = _PCT + "StructureDefinition/referralNumber"
LINE_NUMBER_EXTENSION = _PCT + "StructureDefinition/gfeBillingProviderLineItemCtrlNum"

OWN_INFO = "urn:superbill:codesystem:claim-information"
"""Our codes for what neither R4 nor the guide has a code for."""
CLAIM_ID = "urn:superbill:claim-id"
ENCOUNTER_ID = "urn:superbill:encounter-id"
PAYER_CLAIM_ID = "urn:superbill:payer-claim-number"
MEDICAL_RECORD = "urn:superbill:medical-record-number"
EVIDENCE_EXTENSION = "urn:superbill:extension:evidence"

PROCEDURE_SYSTEM = {CodeSystem.CPT: CPT, CodeSystem.HCPCS: HCPCS}


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding: Json = {"system": system, "code": code}
    if display:
        coding["display"] = display
    return {"coding": [coding]}
