"""AWS B2B Data Interchange: our 837P goes as JSON under the input prefix of its outbound capability, which writes the X12."""

import orjson

from agent.submit.s3 import S3Carrier
from tools.claim.x12.service_json import service_json


class B2biCarrier(S3Carrier):
    """The S3 carrier with the same claims as the service's JSON.

    The service numbers its interchanges itself: 277CA and 835 replies are matched by claim id, TA1 and 999 are not.
    """

    kind = "application/json"

    def finish(self, staged: str, name: str, content: bytes) -> bool:
        """See :class:`~agent.submit.carrier.Carrier`: False when the object exists already.

        Raises:
            DeliveryError: AWS refuses or can not be reached.
            X12Error: the text is no sound 837P.
        """
        value = service_json(content.decode("ascii"))
        return super().finish(staged, f"{name}.json", orjson.dumps(value))
