"""The tools of Nordwind Mobile: what an agent's desktop can look up and change.

Each function takes the world and the arguments of its JSON Schema in domain.yaml, returns a few fields, and refuses
with `ToolError`. The limits of the policy are enforced here too, so that a wrong call does no harm; that a wrong call
is noticed is the business of the `rules` in domain.yaml.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from turnwright.domains.world import World
from turnwright.errors import ToolError

Row = dict[str, Any]

REFUND_LIMITS = {"standard": 50.0, "business": 100.0, "vip": 200.0}
REFUND_DAYS = 90
SIM_REST_DAYS = 3
SIM_FEES = {"eSIM": 0.0, "plastic SIM": 10.0}
VISIT_FEE = 35.0
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def seed_world(world: World) -> None:
    """Make worlds of different seeds differ in amounts, dates, PINs and free visits; what tables mean stays."""
    for customer in world.find("customers"):
        customer["pin"] = f"{world.rng.randrange(1, 10)}{world.rng.randrange(1000):03d}"
    for charge in world.find("charges"):
        least, most = (4.0, 48.0) if charge["amount"] <= 50 else (55.0, 180.0)
        charge["amount"] = round(min(most, max(least, charge["amount"] * world.rng.uniform(0.85, 1.15))), 2)
        charge["date"] = _shifted(charge["date"], world.rng.randrange(-5, 6))
    for visit in world.find("visits"):
        visit["booked"] = world.rng.random() < 0.25
    for line in world.find("lines", kind="fibre"):
        line["connection"] = world.rng.choice(["ok", "ok", "fault", "fault", "fault"])
    area = world.rng.choice(world.find("areas"))
    area.update(status="full_outage", cause="a cut cable", expected_fix="18:30 today")


def get_session(world: World) -> Row:
    """Say whether the customer writes from the signed-in app, and for which account."""
    signed_in = world.find("customers", signed_in=True)
    return {"signed_in": True, "account_id": signed_in[0]["id"]} if signed_in else {"signed_in": False}


def find_customer(world: World, account_id: str = "", phone_number: str = "", postcode: str = "") -> Row:
    """Find an account by its number, or by phone number and postcode together."""
    if account_id:
        customer = world.need("customers", account_id, "account")
    elif phone_number and postcode:
        known = world.find("customers", phone=phone_number)
        found = [row for row in known if _plain(row["postcode"]) == _plain(postcode)]
        if not found:
            raise ToolError("no account with this phone number and postcode")
        customer = found[0]
    else:
        raise ToolError("give the account number, or phone number and postcode")
    who = {"account_id": customer["id"], "first_name": customer["name"].split()[0]}
    return who | _fields(customer, "segment", "contract", "status", "district", "overdue")


def verify_identity(world: World, account_id: str, pin: str = "", birth_date: str = "") -> Row:
    """Check the security PIN, or the date of birth, and note on the account that its holder is verified."""
    customer = world.need("customers", account_id, "account")
    if not pin and not birth_date:
        raise ToolError("give the PIN or the date of birth")
    if (pin and pin != customer["pin"]) or (birth_date and birth_date != customer["birth_date"]):
        raise ToolError("the details do not match the account")
    customer["verified"] = True
    return {"verified": True, "restricted": customer["restricted"]}


# --- bills and refunds ---------------------------------------------------------------------------------------------


def get_invoice(world: World, account_id: str, month: str = "") -> Row:
    """Get the bill of a month, or the newest one."""
    bills = [row for row in world.find("invoices", account_id=account_id) if month in ("", row["month"])]
    if not bills:
        raise ToolError(f"no bill for {month}" if month else "no bill on this account")
    bill = max(bills, key=lambda row: str(row["date"]))
    charges = world.find("charges", invoice_id=bill["id"])
    return _fields(bill, "month", "date", "chargeback") | {
        "invoice_id": bill["id"],
        "age_days": _age(world, bill["date"]),
        "total": round(sum(charge["amount"] for charge in charges), 2),
        "charges": [charge["label"] for charge in charges],
    }


def explain_charge(world: World, invoice_id: str, label: str) -> Row:
    """Say what one charge on a bill is for."""
    charges = world.find("charges", invoice_id=invoice_id, label=label)
    if not charges:
        raise ToolError(f"no charge '{label}' on this bill")
    charge = charges[0]
    shown = _fields(charge, "label", "kind", "amount", "why", "duplicate", "refund_status")
    return {"charge_id": charge["id"], **shown, "date": _spoken(charge["date"])}


def check_refund(world: World, account_id: str, charge_id: str) -> Row:
    """Say whether a charge may be refunded at once, up to which limit, and why not."""
    customer = world.need("customers", account_id, "account")
    charge = world.need("charges", charge_id, "charge")
    reason = _refund_obstacle(world, customer, charge)
    return {"eligible": not reason, "limit": _refund_limit(customer, charge), "reason": reason or "ok"}


def issue_refund(world: World, account_id: str, charge_id: str, amount: float) -> Row:
    """Refund a charge to the customer's means of payment."""
    customer = _holder(world, account_id)
    charge = world.need("charges", charge_id, "charge")
    obstacle = _refund_obstacle(world, customer, charge)
    if obstacle:
        raise ToolError(f"refund not allowed: {obstacle}")
    if amount > charge["amount"]:
        raise ToolError("the refund is more than the charge")
    charge["refund_status"] = "refunded"
    row = {"account_id": account_id, "charge_id": charge_id, "amount": amount, "date": world.now}
    key = _added(world, "refunds", "RF", row)
    return {"refund_id": key, "amount": amount, "arrives_in_days": 5}


def open_dispute(world: World, account_id: str, charge_id: str, reason: str = "not recognised") -> Row:
    """Open a dispute about a charge; it is not due until the dispute is decided."""
    _holder(world, account_id)
    charge = world.need("charges", charge_id, "charge")
    bill = world.need("invoices", charge["invoice_id"], "bill")
    if bill["chargeback"] or _age(world, bill["date"]) > REFUND_DAYS or charge["refund_status"] != "none":
        raise ToolError("this charge cannot be disputed")
    charge["refund_status"] = "disputed"
    row = {"account_id": account_id, "charge_id": charge_id, "reason": reason, "status": "open"}
    key = _added(world, "disputes", "DP", row)
    return {"dispute_id": key, "answer_by": _spoken(_shifted(world.now, 14))}


def set_roaming_cap(world: World, account_id: str, amount: float) -> Row:
    """Set the most that roaming may cost in a month."""
    customer = _holder(world, account_id)
    customer["roaming_cap"] = amount
    return {"roaming_cap": amount}


# --- lines ---------------------------------------------------------------------------------------------------------


def get_line(world: World, account_id: str, number: str) -> Row:
    """Get a mobile line of the account."""
    line = _line(world, account_id, number)
    shown = _fields(line, "number", "plan", "status", "suspend_reason", "porting_out", "user_is_minor")
    return {**shown, "sim_age_days": _age(world, line["sim_changed"])}


def get_plan(world: World, name: str) -> Row:
    """Get a plan by its name."""
    plans = [row for row in world.find("plans") if _plain(row["name"]) == _plain(name)]
    if not plans:
        raise ToolError(f"there is no plan '{name}'")
    return _fields(plans[0], "name", "price", "data")


def recommend_plan(world: World, account_id: str, number: str) -> Row:
    """Name the next larger plan of the customer's segment."""
    line = _line(world, account_id, number)
    plans = sorted(world.find("plans", segment=line["segment"]), key=lambda row: float(row["price"]))
    now = next((index for index, plan in enumerate(plans) if plan["name"] == line["plan"]), None)
    if now is None:
        raise ToolError(f"the plan '{line['plan']}' is no longer sold, so there is no next larger one")
    best = plans[now + 1] if now + 1 < len(plans) else plans[now - 1]
    return _fields(best, "name", "price", "data")


def change_plan(world: World, account_id: str, number: str, plan_name: str) -> Row:
    """Move a line to another plan from the next day on."""
    customer = _holder(world, account_id, paid=True)
    line = _free_line(world, customer, number)
    if line["plan"] == plan_name:
        raise ToolError("the line has this plan already")
    line["plan"] = get_plan(world, plan_name)["name"]
    return {"number": number, "plan": line["plan"], "starts_on": _spoken(_shifted(world.now, 1))}


def suspend_line(world: World, account_id: str, number: str, reason: str) -> Row:
    """Block a line at once."""
    _holder(world, account_id)
    line = _line(world, account_id, number)
    if line["status"] == "suspended":
        raise ToolError("the line is suspended already")
    line.update(status="suspended", suspend_reason=reason)
    return {"number": number, "status": "suspended"}


def reactivate_line(world: World, account_id: str, number: str) -> Row:
    """Lift the block of a line."""
    _holder(world, account_id, paid=True)
    line = _line(world, account_id, number)
    if line["status"] != "suspended" or line["suspend_reason"] == "stolen":
        raise ToolError("the line cannot be reactivated")
    line.update(status="active", suspend_reason="")
    return {"number": number, "status": "active"}


def order_sim(world: World, account_id: str, number: str, sim_type: str) -> Row:
    """Order a replacement SIM; the old one stops working when the new one is switched on."""
    customer = _holder(world, account_id)
    line = _free_line(world, customer, number)
    if _age(world, line["sim_changed"]) < SIM_REST_DAYS:
        raise ToolError("the SIM was changed less than 72 hours ago")
    arrives = _spoken(_shifted(world.now, 0 if sim_type == "eSIM" else 3))
    row = {"account_id": account_id, "segment": customer["segment"], "device": sim_type, "status": "processing"}
    row |= {"price": SIM_FEES[sim_type], "carrier": "", "delivery_day": arrives, "return_code": ""}
    key = _added(world, "orders", "OR", row)
    line["sim_changed"] = world.now
    return {"order_id": key, "fee": SIM_FEES[sim_type], "arrives_on": arrives}


def check_new_owner(world: World, account_id: str) -> Row:
    """Say whether an account can take over a line."""
    owner = world.need("customers", account_id, "account")
    return {"account_id": owner["id"], "accepts": owner["status"] == "active" and not owner["restricted"]}


def transfer_ownership(world: World, account_id: str, number: str, new_account_id: str) -> Row:
    """Move a line to another account."""
    customer = _holder(world, account_id, paid=True)
    line = _free_line(world, customer, number)
    if new_account_id == account_id or not check_new_owner(world, new_account_id)["accepts"]:
        raise ToolError("this account cannot take over the line")
    line["account_id"] = new_account_id
    return {"number": number, "starts_on": _spoken(_shifted(world.now, 1))}


# --- faults and visits ---------------------------------------------------------------------------------------------


def check_outage(world: World, postcode: str = "", district: str = "") -> Row:
    """Say whether an outage is known where the customer lives."""
    wanted = district or postcode.strip().upper()[:-3].strip()
    area = world.need("areas", wanted, "area")
    return {"district": area["id"], **_fields(area, "town", "status", "cause", "expected_fix")}


def subscribe_updates(world: World, district: str, phone_number: str) -> Row:
    """Send a text message to a phone number when an outage ends."""
    area = world.need("areas", district, "area")
    area["subscribers"] = [*area["subscribers"], phone_number]
    return {"district": district, "phone_number": phone_number}


def test_line(world: World, account_id: str) -> Row:
    """Test the home internet line of an account from afar."""
    lines = world.find("lines", account_id=account_id, kind="fibre")
    if not lines:
        raise ToolError("no home internet on this account")
    return {"number": lines[0]["number"], "result": lines[0]["connection"]}


def find_visit(world: World, district: str, day: str = "") -> Row:
    """Find the first free technician's visit, on a day if one is given."""
    free = [row for row in world.find("visits", district=district, booked=False) if day in ("", row["day"])]
    if not free:
        raise ToolError(f"no free visit on {day}" if day else "no free visit in this area")
    return {"visit_id": free[0]["id"], "day": free[0]["day"], "window": free[0]["window"]}


def book_visit(world: World, account_id: str, visit_id: str) -> Row:
    """Book a technician's visit; it is free for VIP contracts."""
    customer = _holder(world, account_id)
    visit = world.need("visits", visit_id, "visit")
    if visit["booked"] or world.need("areas", visit["district"], "area")["status"] != "ok":
        raise ToolError("this visit cannot be booked")
    visit.update(booked=True, account_id=account_id)
    fee = 0.0 if customer["contract"] == "vip" else VISIT_FEE
    return {"visit_id": visit_id, "day": visit["day"], "window": visit["window"], "fee": fee}


def get_order(world: World, order_id: str = "", account_id: str = "") -> Row:
    """Get an order by its number, or the newest one of an account."""
    if order_id:
        order = world.need("orders", order_id, "order")
    else:
        orders = world.find("orders", account_id=account_id)
        if not orders:
            raise ToolError("no order on this account")
        order = orders[-1]
    return {"order_id": order["id"], **_fields(order, "device", "price", "status", "carrier", "delivery_day")}


def cancel_order(world: World, account_id: str, order_id: str) -> Row:
    """Cancel an order that has not left the warehouse."""
    order = _own_order(world, account_id, order_id)
    if order["status"] != "processing":
        raise ToolError(f"the order is {order['status']}")
    order["status"] = "cancelled"
    return {"order_id": order_id, "status": "cancelled", "refund_amount": order["price"]}


def create_return(world: World, account_id: str, order_id: str) -> Row:
    """Make a free return label for an order that is on its way or delivered."""
    order = _own_order(world, account_id, order_id)
    if order["status"] not in ("shipped", "delivered"):
        raise ToolError(f"the order is {order['status']}")
    order["return_code"] = f"RT-{order_id.removeprefix('OR-')}"
    return {"return_code": order["return_code"], "days": 14}


def open_ticket(world: World, team: str, topic: str, account_id: str = "") -> Row:
    """Hand something over to another team."""
    row = {"account_id": account_id, "team": team, "topic": topic, "status": "open"}
    key = _added(world, "tickets", "TK", row)
    return {"ticket_id": key, "team": team}


def _holder(world: World, account_id: str, paid: bool = False) -> Row:
    """The customer, provided that the account may be changed now."""
    customer = world.need("customers", account_id, "account")
    if customer["status"] != "active":
        raise ToolError("only the bereavement team may change this account")
    if not customer["verified"]:
        raise ToolError("the identity is not verified")
    if customer["restricted"]:
        raise ToolError("the account is locked by the fraud team")
    if paid and customer["overdue"] > 0:
        raise ToolError("there is an unpaid balance")
    return customer


def _added(world: World, table: str, stem: str, row: Row) -> str:
    key = world.next_id(table, stem)
    world.put(table, key, {"id": key, **row})
    return key


def _fields(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _line(world: World, account_id: str, number: str) -> Row:
    lines = world.find("lines", account_id=account_id, number=number)
    if not lines:
        raise ToolError(f"no line {number} on this account")
    return lines[0]


def _free_line(world: World, customer: Row, number: str) -> Row:
    line = _line(world, customer["id"], number)
    if line["porting_out"]:
        raise ToolError("the number is moving to another operator")
    return line


def _own_order(world: World, account_id: str, order_id: str) -> Row:
    _holder(world, account_id)
    order = world.need("orders", order_id, "order")
    if order["account_id"] != account_id:
        raise ToolError("the order belongs to another account")
    return order


def _refund_limit(customer: Row, charge: Row) -> float:
    """What may be refunded without a review; what was charged twice is refunded whatever the amount."""
    contract = customer["contract"] if customer["contract"] == "vip" else customer["segment"]
    limit = REFUND_LIMITS.get(contract, REFUND_LIMITS["standard"])
    return max(limit, charge["amount"]) if charge["duplicate"] else limit


def _refund_obstacle(world: World, customer: Row, charge: Row) -> str:
    bill = world.need("invoices", charge["invoice_id"], "bill")
    if charge["account_id"] != customer["id"]:
        return "other_account"
    if bill["chargeback"]:
        return "chargeback"
    if charge["refund_status"] != "none":
        return "already_refunded"
    if _age(world, bill["date"]) > REFUND_DAYS:
        return "too_old"
    return "above_limit" if charge["amount"] > _refund_limit(customer, charge) else ""


def _age(world: World, day: str) -> int:
    return (date.fromisoformat(world.now) - date.fromisoformat(day)).days


def _shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _spoken(day: str) -> str:
    """2026-06-16 as people say it: 16 June."""
    read = date.fromisoformat(day)
    return f"{read.day} {MONTHS[read.month - 1]}"


def _plain(text: str) -> str:
    return "".join(text.split()).lower()
