"""Hard negatives as lines: what preference training reads."""

from __future__ import annotations

from turnwright.domains import Domain
from turnwright.engine.negatives import negative_line
from turnwright.engine.spec import Spec
from turnwright.records import Persona, Provenance, Scenario, Turn
from turnwright.train import Negative


def turn(role: str, text: str) -> Turn:
    return Turn(role=role, text=text, acts=("x",), provenance=Provenance(origin="model", model="m@1"))  # type: ignore[arg-type]


def spec(**export: object) -> Spec:
    return Spec.model_validate(
        {
            "version": 1,
            "scenarios": 4,
            "domain": "./shop",
            "models": {"double": {"kind": "scripted"}},
            "roles": {"user": "double", "teacher": "double"},
            "export": export,
        }
    )


def pair(*prompt: Turn) -> Negative:
    return Negative(
        scenario=Scenario(ordinal=0, domain="shop@1", levels={}, persona=Persona(name="Zoë"), seed=1),
        conversation_id="cv_1",
        rejected_id="cv_0",
        origin="attempt",
        same="words",
        turn=len(prompt),
        prompt=prompt,
        chosen=turn("assistant", "Order 7 is refunded"),
        rejected=turn("assistant", "Order 9 is refunded"),
        defects=("wrong_value",),
        found_by=("values",),
    )


def test_a_pair_becomes_a_line_of_the_preference_format_with_class_and_origin(shop: Domain) -> None:
    (line,) = negative_line(pair(turn("user", "Order 7, please")), shop, spec())
    assert [message["content"] for message in line["prompt"]][-1] == "Order 7, please"
    assert line["chosen"] == [{"role": "assistant", "content": "Order 7 is refunded"}]
    assert line["rejected"] == [{"role": "assistant", "content": "Order 9 is refunded"}]
    assert isinstance(line["tools"], str)
    told = line["metadata"]
    assert (told["defects"], told["found_by"], told["from"]) == (["wrong_value"], ["values"], "attempt")
    assert (told["id"], told["rejected_id"]) == ("cv_1", "cv_0")
    assert told["rejected"]["origin"] == "model"


def test_settings_of_the_export_hold_for_negatives_too(shop: Domain) -> None:
    (bare,) = negative_line(pair(turn("user", "hi")), shop, spec(with_metadata=False, system=False))
    assert "metadata" not in bare
    assert [message["role"] for message in bare["prompt"]] == ["user"]
    assert list(negative_line(pair(), shop, spec(system=False))) == []
