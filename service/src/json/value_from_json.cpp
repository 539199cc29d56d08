#include "json/value_from_json.hpp"

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/time.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace eventloom {

namespace {

using detail::Description;
using detail::Kind;

std::string_view name_of(const Json& json)
{
    if (json.is_null()) return "null";
    if (json.is_boolean()) return "true or false";
    if (json.is_text()) return "a text";
    if (json.is_array()) return "a list";
    return json.is_object() ? "an object" : "a number";
}

result<void> does_not_fit(const std::string& path, std::string_view wanted, std::string_view found)
{
    return fail(Failure::invalid, "json-does-not-fit",
                fmt::format("read JSON and found {} {}; it has to be {}",
                            path.empty() ? "that the whole is" : "that \"" + path + "\" is", found, wanted));
}

bool is_one_value(const Description& type)
{
    if (type.kind == Kind::record) return type.count == 1 && is_one_value(*type.parts[0]);
    return type.kind <= Kind::text || type.kind == Kind::time;
}

class Reader {
public:
    result<void> read(const Description& type, void* value, const Json& json, const std::string& path) const
    {
        switch (type.kind) {
        case Kind::flag:
            if (not json.is_boolean()) return does_not_fit(path, "true or false", name_of(json));
            *static_cast<bool*>(value) = json.boolean();
            return done();
        case Kind::whole:
            return read_whole(type, value, json, path);
        case Kind::counting:
            return read_counting(type, value, json, path);
        case Kind::real:
            if (not json.is_number()) return does_not_fit(path, "a number", name_of(json));
            type.size == sizeof(float) ? *static_cast<float*>(value)  = static_cast<float>(json.number())
                                       : *static_cast<double*>(value) = json.number();
            return done();
        case Kind::text:
            if (not json.is_text()) return does_not_fit(path, "a text", name_of(json));
            *static_cast<std::string*>(value) = json.text();
            return done();
        case Kind::time:
            return read_time(type, value, json, path);
        case Kind::record:
            return read_record(type, value, json, path);
        case Kind::list:
            return read_list(type, value, json, path);
        case Kind::maybe:
        case Kind::personal: {
            if (json.is_null() && type.kind == Kind::maybe) return done();
            void* const at = type.make(value, 1, 0);
            return read(*type.parts[0], at, json, path);
        }
        default:
            return does_not_fit(path, "given by the program: it is of a type that cannot be given as JSON",
                                name_of(json));
        }
    }

private:
    static result<void> read_whole(const Description& type, void* value, const Json& json, const std::string& path)
    {
        const auto highest = std::numeric_limits<std::int64_t>::max() >> (64 - 8 * type.size);
        const bool is_high = json.is_unsigned() && json.unsigned_whole() > static_cast<std::uint64_t>(highest);
        if (not json.is_whole() || is_high || json.whole() < -highest - 1) {
            return does_not_fit(path, fmt::format("a whole number from {} to {}", -highest - 1, highest), json.dump());
        }
        const std::int64_t number = json.whole();
        std::memcpy(value, &number, type.size); // little-endian, as the log is
        return done();
    }

    static result<void> read_counting(const Description& type, void* value, const Json& json, const std::string& path)
    {
        const auto highest = std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * type.size);
        if (not json.is_unsigned() || json.unsigned_whole() > highest) {
            return does_not_fit(path, fmt::format("a whole number from 0 to {}", highest), json.dump());
        }
        const std::uint64_t number = json.unsigned_whole();
        std::memcpy(value, &number, type.size);
        return done();
    }

    static result<void> read_time(const Description& type, void* value, const Json& json, const std::string& path)
    {
        const auto time = json.is_text() ? parse_time(json.text()) : std::nullopt;
        if (not time || type.parts[0]->kind != Kind::whole || type.size > sizeof(std::int64_t)) {
            return does_not_fit(path, "a time such as 2026-12-24T18:00:00Z",
                                json.is_text() ? "\"" + json.text() + "\"" : std::string{name_of(json)});
        }
        const auto micros       = time->time_since_epoch().count();
        const std::int64_t unit = 1'000'000 * type.tick[0]; // of so many microseconds, by tick[1]
        const std::int64_t ticks =
            type.tick[1] >= 1'000'000 ? micros * (type.tick[1] / 1'000'000) : micros / (unit / type.tick[1]);
        std::memcpy(value, &ticks, type.size);
        return done();
    }

    result<void> read_record(const Description& type, void* value, const Json& json, const std::string& path) const
    {
        std::vector<void*> members(type.count + 1);
        type.locate(value, members.data());
        if (is_one_value(type) && not json.is_object()) return read(*type.parts[0], members[0], json, path);
        if (not json.is_object()) return does_not_fit(path, "an object", name_of(json));
        auto names        = type.names;
        std::size_t given = 0;
        for (std::uint32_t i = 0; i < type.count; ++i) {
            const std::string name{detail::take_name(names)};
            const auto where   = path.empty() ? name : path + "." + name;
            const Json* member = json.find(name);
            if (member == nullptr && type.parts[i]->kind == Kind::maybe) continue;
            if (member == nullptr) return does_not_fit(where, "given", "missing");
            ++given;
            BOOST_OUTCOME_TRY(read(*type.parts[i], members[i], *member, where));
        }
        return given == json.size() ? done() : unknown_member(type, json, path);
    }

    static result<void> unknown_member(const Description& type, const Json& json, const std::string& path)
    {
        std::string known;
        auto names = type.names;
        std::vector<std::string> all;
        for (std::uint32_t i = 0; i < type.count; ++i) all.emplace_back(detail::take_name(names));
        for (const auto& name : all) known += (known.empty() ? "" : ", ") + name;
        for (const auto& [name, value] : json.items()) {
            if (std::find(all.begin(), all.end(), name) != all.end()) continue;
            return does_not_fit(path.empty() ? std::string{name} : path + "." + std::string{name}, "one of: " + known,
                                "no member");
        }
        return does_not_fit(path, "an object whose members are given once", "another");
    }

    result<void> read_list(const Description& type, void* value, const Json& json, const std::string& path) const
    {
        if (not json.is_array()) return does_not_fit(path, "a list", name_of(json));
        auto* const first = static_cast<char*>(type.make(value, json.size(), 0));
        for (std::size_t i = 0; i < json.size(); ++i) {
            BOOST_OUTCOME_TRY(
                read(*type.parts[0], first + i * type.parts[0]->size, json.at(i), fmt::format("{}[{}]", path, i)));
        }
        return done();
    }
};

} // namespace

result<void> read_value(const detail::Description& type, void* value, const Json& json)
{
    return Reader{}.read(type, value, json, {});
}

} // namespace eventloom
