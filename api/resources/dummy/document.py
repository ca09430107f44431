"""The documents of simulated boards: schemas and examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from api.documents import Reply
from api.fields import StrictBoolean, StrictNumber

FAULTS = (
    *("nack", "silence", "drop_request", "drop_reply", "duplicate", "corrupt", "truncate"),
    *("reboot", "stuck_bus", "late_reply", "disconnect", "stale", "shift"),
)
SCRIPT_MAX = 1000


FaultRatesSchema = Schema.from_dict(
    {name: StrictNumber(validate=Range(0, 1)) for name in FAULTS}, name="FaultRatesSchema"
)


class FaultsSchema(Schema):
    """Faults of the wire, one for each transaction."""

    clear = StrictBoolean(
        metadata={"description": "True: forget what waits and all chances, first."}
    )
    script = fields.List(
        fields.String(allow_none=True, validate=OneOf([*FAULTS, None])),
        validate=Length(max=SCRIPT_MAX),
        metadata={"description": "For the next transactions, in order; null lets one pass."},
    )
    rates = fields.Nested(
        FaultRatesSchema,
        metadata={"description": "By chance, when the script is used up; together at most 1."},
    )

    @validates_schema
    def _rates_together(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        if sum(data.get("rates", {}).values()) > 1:
            raise ValidationError("are together above 1", "rates")


class DummyChangeSchema(Schema):
    """What shall happen to a simulated board; all of it, or nothing when something is wrong."""

    signals = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String()),
        metadata={
            "description": "By channel, what it measures from now on: `kind` is constant, sine, ramp, step, "
            "switch, noise, drift or counter; with the settings of the kind, such as `value`, `mean`, "
            "`amplitude`, `period_s`."
        },
    )
    faults = fields.Nested(FaultsSchema)
    powered = StrictBoolean(metadata={"description": "False: as if unplugged."})
    hanging = StrictBoolean(metadata={"description": "True: its program is stuck."})
    reset = StrictBoolean(metadata={"description": "True: press its reset button."})


class HappenedSchema(Reply):
    """Faults so far."""

    waiting = fields.Integer(required=True, strict=True)
    happened = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True), required=True)


class DummySchema(Reply):
    """A simulated board from inside, where the gateway cannot look."""

    id = fields.String(required=True)
    powered = fields.Boolean(required=True)
    hanging = fields.Boolean(required=True)
    uid = fields.String(required=True)
    boot = fields.Integer(required=True, strict=True)
    interval_ms = fields.Integer(required=True, strict=True)
    samples_made = fields.Integer(required=True, strict=True)
    held = fields.Integer(required=True, strict=True)
    acknowledged = fields.Integer(required=True, strict=True)
    overwritten = fields.Integer(required=True, strict=True)
    lost_at_reset = fields.Integer(required=True, strict=True)
    resets = fields.Integer(required=True, strict=True)
    bad_frames = fields.Integer(required=True, strict=True)
    executed = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True), required=True)
    outputs = fields.Dict(keys=fields.String(), required=True)
    faults = fields.Nested(HappenedSchema, required=True)


DUMMY_CHANGE: dict[str, Any] = {
    "signals": {"temperature": {"kind": "sine", "mean": 30, "amplitude": 5, "period_s": 60}},
    "faults": {"script": ["corrupt", None, "drop_reply"]},
}

DUMMY: dict[str, Any] = {
    "id": "greenhouse",
    "powered": True,
    "hanging": False,
    "uid": "0011223344556677",
    "boot": 5,
    "interval_ms": 1000,
    "samples_made": 42,
    "held": 1,
    "acknowledged": 41,
    "overwritten": 0,
    "lost_at_reset": 0,
    "resets": 0,
    "bad_frames": 0,
    "executed": {"fan": 1},
    "outputs": {"fan.speed": 128},
    "faults": {"waiting": 3, "happened": {"corrupt": 1}},
}
