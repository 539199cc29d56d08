#include "values/plan.hpp"

#include <deque>
#include <memory>
#include <mutex>

namespace eventloom::detail {

namespace {

bool has_members(Kind kind)
{
    return kind == Kind::record || kind == Kind::pair || kind == Kind::tuple;
}

template <class Take>
void each_member(const Description& type, char* object, const Take& take)
{
    std::vector<void*> members(type.count);
    type.locate(object, members.data());
    for (std::uint32_t i = 0; i < type.count; ++i) take(i, static_cast<char*>(members[i]));
}

Doing doing_of(const Description& type)
{
    const auto sized = [&](Doing smallest) {
        const int place = type.size == 1 ? 0 : type.size == 2 ? 1 : type.size == 4 ? 2 : 3;
        return static_cast<Doing>(static_cast<int>(smallest) + place);
    };
    switch (type.kind) {
    case Kind::text:
        return Doing::text;
    case Kind::whole:
        return sized(Doing::s1);
    case Kind::counting:
        return sized(Doing::u1);
    case Kind::flag:
        return Doing::flag;
    case Kind::real:
        return Doing::real;
    case Kind::own:
        return Doing::own;
    default:
        return Doing::held;
    }
}

void add_step(Plan& plan, const Step& step)
{
    if (not plan.steps.empty() && step.doing < Doing::own) {
        Step& last = plan.steps.back();
        if (last.doing == step.doing && last.type->size == step.type->size && last.count < most_in_step &&
            last.offset + last.count * step.type->size == step.offset) {
            ++last.count;
            return;
        }
    }
    plan.steps.push_back(step);
}

void add_steps(Plan& plan, const Description& type, char* begin, char* object)
{
    if (has_members(type.kind)) {
        each_member(type, object,
                    [&](std::uint32_t i, char* member) { add_steps(plan, *type.parts[i], begin, member); });
    } else if (type.kind == Kind::time || type.kind == Kind::moment || type.kind == Kind::span) {
        add_steps(plan, *type.parts[0], begin, object);
    } else {
        add_step(plan, {doing_of(type), 1, static_cast<std::uint32_t>(object - begin), &type});
    }
}

} // namespace

std::vector<std::string> names_of_members(const Description& type)
{
    if (type.kind == Kind::pair) return {"first", "second"};
    std::vector<std::string> names;
    auto text = type.names;
    for (std::uint32_t i = 0; i < type.count; ++i) {
        names.push_back(type.kind == Kind::tuple ? "tuple_element" + std::to_string(i) : std::string{take_name(text)});
    }
    return names;
}

[[gnu::noinline]] const Plan& make_plan(const Description& type, const void* object)
{
    static std::mutex one_at_a_time;
    static auto& plans = *std::make_unique<std::deque<Plan>>().release(); // for ever, as the descriptions are
    const std::lock_guard lock{one_at_a_time};
    if (const Plan* const made = type.plan.load(std::memory_order_acquire)) return *made;
    Plan& plan        = plans.emplace_back();
    auto* const begin = static_cast<char*>(const_cast<void*>(object)); // members are located, and left as they are
    add_steps(plan, type, begin, begin);
    if (has_members(type.kind)) {
        auto text = type.names;
        each_member(type, begin, [&](std::uint32_t i, char* member) {
            const auto name = type.kind == Kind::record ? take_name(text) : std::string_view{};
            plan.fields.push_back({name, static_cast<std::uint32_t>(member - begin), type.parts[i]});
        });
    }
    type.plan.store(&plan, std::memory_order_release);
    return plan;
}

} // namespace eventloom::detail
