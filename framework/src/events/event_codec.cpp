#include <eventloom/framework/event_codec.hpp>

#include <algorithm>

namespace eventloom {

namespace {

struct NamedJson {
    std::string_view name;
    std::string json;
};

// One event of that name as it is, others as a list of {"order-paid": {...}}.
std::string facts_in_json(std::string_view name, const std::vector<NamedJson>& facts)
{
    if (facts.size() == 1 && facts.front().name == name) return facts.front().json;
    std::string json = "[";
    for (const auto& fact : facts) {
        json += (json.size() > 1 ? ",{\"" : "{\"") + std::string{fact.name} + "\":" + fact.json + "}";
    }
    return json + "]";
}

const detail::StructForm& present_form(const EventType& type)
{
    return type.forms[type.schema_version - 1];
}

} // namespace

void EventType::encode(const void* fact, std::string& out) const
{
    detail::encode_value(*present_form(*this).type, fact, out, nullptr);
}

void EventType::encode_noting_places(const void* fact, std::string& out,
                                     std::vector<std::size_t>& personal_places) const
{
    detail::encode_value(*present_form(*this).type, fact, out, &personal_places);
}

result<void> EventType::decode(std::uint32_t version, std::string_view bytes, const TakeFact& take) const
{
    if (version == 0 || version > schema_version) return newer_schema_version(name, schema_version, version);
    const detail::StructForm& form = forms[version - 1];
    bool is_made                   = false;
    const auto read_and_take       = [&](std::size_t, const void* made) -> result<void> {
        is_made = true;
        // `make` has made it, and nothing else knows of it.
        BOOST_OUTCOME_TRY(detail::decode_value(*form.type, const_cast<void*>(made), bytes, form.struct_name));
        if (form.bring != nullptr) return form.bring(name, made, take);
        return take(static_cast<std::size_t>(this - list().data()), made);
    };
    try {
        return form.make(read_and_take);
    } catch (...) {
        if (is_made) throw;
        return detail::error_of_reading(form.struct_name, bytes.size()); // its constructor threw
    }
}

result<std::string> EventType::to_json(std::uint32_t version, std::string_view bytes) const
{
    std::vector<NamedJson> facts;
    const auto take = [&](std::size_t index, const void* fact) -> result<void> {
        const EventType& type = list()[index];
        const auto& form      = present_form(type);
        facts.push_back({type.name, detail::object_as_json(*form.type, fact, form.struct_name)});
        return done();
    };
    BOOST_OUTCOME_TRY(decode(version, bytes, take));
    return facts_in_json(name, facts);
}

EventTypes detail::event_types_of(std::span<const EventEntry> entries, const EventTypes& (*list)())
{
    EventTypes types;
    for (const EventEntry& entry : entries) {
        EventType type{entry.name, entry.schema_version, entry.is_personal, {}, entry.forms, list};
        for (std::uint32_t i = 0; i < entry.schema_version; ++i) type.shapes.push_back(&shape_of(*entry.forms[i].type));
        types.push_back(std::move(type));
    }
    return types;
}

} // namespace eventloom
