"""Rows of one DynamoDB table: read, written and deleted under conditions."""

from typing import Any

from agent.aws.clients import aws_client, told

Item = dict[str, Any]


class Rows:
    """One table with the keys ``PK`` and ``SK``.

    Every method raises AwsBusyError where AWS can not do it now, AwsError where it refuses.
    """

    def __init__(self, table: str, region: str | None = None) -> None:
        self.table = table
        self._region = region

    def count(self, partner: str, by: int, floor: int) -> int:
        """Add to a counter and give its new value; ``floor`` is what it begins from."""
        with told(self.table):
            done = self.handle().update_item(
                Key={"PK": f"NUMBER#{partner}", "SK": "LAST"},
                UpdateExpression="set #l = if_not_exists(#l, :floor) + :by",
                ExpressionAttributeNames={"#l": "last"},
                ExpressionAttributeValues={":floor": floor, ":by": by},
                ReturnValues="UPDATED_NEW",
            )
        return int(done["Attributes"]["last"])

    def get(self, pk: str, sk: str) -> Item | None:
        """One item, read consistently, or None."""
        with told(self.table):
            found = self.handle().get_item(Key={"PK": pk, "SK": sk}, ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def query(self, key: str, value: str, **how: Any) -> list[Item]:
        """Every item whose ``key`` has this value, in order, to the last page."""
        asked = {"KeyConditionExpression": f"{key} = :k", "ExpressionAttributeValues": {":k": value}, **how}
        rows: list[Item] = []
        while True:
            with told(self.table):
                page = self.handle().query(**asked)
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                return rows
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def write(self, item: Item) -> None:
        """Write an item, whatever was there."""
        with told(self.table):
            self.handle().put_item(Item=item)

    def put(self, item: Item, condition: str, values: Item, names: Item) -> bool:
        """Write an item if the condition holds; False when it does not."""
        table = self.handle()
        given = {"ExpressionAttributeValues": values} if values else {}
        named = {"ExpressionAttributeNames": names} if names else {}
        with told(self.table):
            try:
                table.put_item(Item=item, ConditionExpression=condition, **given, **named)
            except table.meta.client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def drop(self, key: Item, mine: str) -> None:
        """Delete an item of ours; one that someone else has taken over stays."""
        table = self.handle()
        with told(self.table):
            try:
                table.delete_item(
                    Key=key,
                    ConditionExpression="#b = :mine",
                    ExpressionAttributeNames={"#b": "by"},
                    ExpressionAttributeValues={":mine": mine},
                )
            except table.meta.client.exceptions.ConditionalCheckFailedException:
                return  # the lease ran out and someone else has it

    def handle(self) -> Any:
        """The table as boto3 knows it."""
        return aws_client("dynamodb.resource", self._region).Table(self.table)
