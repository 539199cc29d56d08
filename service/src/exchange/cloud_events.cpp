#include "exchange/cloud_events.hpp"

#include "json/limited_json.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/format.h>
#include <sodium/utils.h>
#include <xxhash.h>

#include <charconv>
#include <limits>

namespace eventloom {

namespace {

constexpr std::string_view of_event   = "urn:eventloom:events"; // CloudEvents' `source`: what a line is about
constexpr std::string_view of_gone    = "urn:eventloom:gone";   // an event that was taken out of the log
constexpr std::string_view of_command = "urn:eventloom:commands";
constexpr std::string_view of_end     = "urn:eventloom:end";
constexpr std::size_t event_depth_max = 2; // the members, and what they nest is text

std::string base64(std::string_view bytes)
{
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // the zero that ends it
    return text;
}

std::optional<std::string> bytes_of_base64(std::string_view text)
{
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    const char* end    = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                          nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size()) {
        return std::nullopt;
    }
    bytes.resize(length);
    return bytes;
}

std::string one_line(const Json& json)
{
    return json.dump_ascii();
}

std::string checksum_of(std::string_view line)
{
    return fmt::format("{:016x}", XXH3_64bits(line.data(), line.size()));
}

// With its number, the line without its checksum.
std::string numbered(Json members, std::uint64_t number)
{
    members["line"] = std::to_string(number);
    return one_line(members);
}

// What ends a line.
std::string checksum_member(const std::string& checksum)
{
    return ",\"checksum\":\"" + checksum + "\"}";
}

// The line, with the checksum of all before it as its last member.
std::string sealed(Json members, std::uint64_t number)
{
    auto text           = numbered(std::move(members), number);
    const auto checksum = checksum_of(text);
    text.pop_back();
    return text + checksum_member(checksum);
}

Json beginning(std::string id, std::string_view source, std::string_view type)
{
    return {{"specversion", "1.0"}, {"id", std::move(id)}, {"source", source}, {"type", type}};
}

// CloudEvents knows no lists: tags and headers are JSON in a text.
Json headers_of(const RecordedEvent& event)
{
    auto headers = Json::array();
    for (const auto& [name, value] : event.metadata.headers)
        headers.push_back(Json::array({json_of_bytes(name), json_of_bytes(value)}));
    return headers;
}

Json described(const RecordedEvent& event, std::string_view content_type)
{
    auto members               = beginning(to_string(event.id), of_event, event.type);
    members["subject"]         = event.stream;
    members["time"]            = to_string(event.recorded_at);
    members["datacontenttype"] = content_type;
    members["position"]        = std::to_string(event.position);
    members["streamversion"]   = std::to_string(event.version);
    members["schemaversion"]   = std::to_string(event.schema_version);
    const auto& metadata       = event.metadata;
    if (not metadata.correlation.is_nil()) members["correlationid"] = to_string(metadata.correlation);
    if (not metadata.causation.is_nil()) members["causationid"] = to_string(metadata.causation);
    if (not metadata.tags.empty()) members["tags"] = one_line(metadata.tags);
    if (not metadata.headers.empty()) members["headers"] = one_line(headers_of(event));
    return members;
}

Json members_of_gone(const RecordedEvent& event)
{
    auto members             = beginning(to_string(event.id), of_gone, "eventloom.gone");
    members["subject"]       = event.stream;
    members["time"]          = to_string(event.recorded_at);
    members["position"]      = std::to_string(event.position);
    members["streamversion"] = std::to_string(event.version);
    return members;
}

Json members_of(const RecordedEvent& event)
{
    if (is_gone(event)) return members_of_gone(event);
    auto members           = described(event, "application/octet-stream");
    members["data_base64"] = base64(event.data);
    return members;
}

Json members_of(const CommandRecord& command)
{
    auto members             = beginning(to_string(command.id), of_command, "eventloom.command");
    members["subject"]       = command.stream;
    members["position"]      = std::to_string(command.last_position);
    members["streamversion"] = std::to_string(command.last_version);
    members["events"]        = std::to_string(command.count);
    return members;
}

Json members_of(const HistoryEnd& end)
{
    auto members        = beginning("end-" + std::to_string(end.position), of_end, "eventloom.end");
    members["position"] = std::to_string(end.position);
    return members;
}

Error bad_member(std::string_view name, std::string_view wanted)
{
    return {Failure::invalid, "not-an-exported-line",
            "found \"" + std::string{name} + "\" without " + std::string{wanted} +
                "; give a file that `store export` has written"};
}

// Takes the members of a line one by one; the first that is not as it must be is kept.
class Members {
public:
    explicit Members(const Json& json) : json_{json} {}

    bool has(const char* name) const { return json_.contains(name); }

    std::string text(const char* name)
    {
        if (json_[name].is_text()) return json_[name].text();
        fail(name, "a text");
        return {};
    }

    std::uint64_t number(const char* name)
    {
        const auto digits   = text(name);
        std::uint64_t value = 0;
        const auto read     = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) fail(name, "a number in its text");
        return value;
    }

    Uuid id(const char* name)
    {
        const auto id = parse_uuid(text(name));
        if (not id) fail(name, "an id such as 0192f0c1-7b1a-7c3e-9f00-1b2c3d4e5f60");
        return id.value_or(Uuid{});
    }

    Time time(const char* name)
    {
        const auto time = parse_time(text(name));
        if (not time) fail(name, "a time such as 2011-12-09T12:50:00.000000Z");
        return time.value_or(Time{});
    }

    std::string data(const char* name)
    {
        auto bytes = bytes_of_base64(text(name));
        if (not bytes) fail(name, "bytes in base64");
        return std::move(bytes).value_or(std::string{});
    }

    std::vector<std::string> texts(const char* name)
    {
        std::vector<std::string> texts;
        const Json items = list(name);
        for (const Json& item : items.elements()) {
            if (not item.is_text()) fail(name, "a list of texts in its text");
            texts.push_back(item.is_text() ? item.text() : std::string{});
        }
        return texts;
    }

    std::vector<std::pair<std::string, std::string>> pairs(const char* name)
    {
        std::vector<std::pair<std::string, std::string>> pairs;
        const Json items = list(name);
        for (const Json& item : items.elements()) {
            if (not item.is_array() || item.size() != 2) {
                fail(name, "a list of pairs in its text");
                return {};
            }
            pairs.emplace_back(bytes(name, item.at(0)), bytes(name, item.at(1)));
        }
        return pairs;
    }

    // The error of the first that was not as it must be.
    result<void> all_read() const { return error_ ? result<void>{*error_} : done(); }

private:
    Json list(const char* name)
    {
        const auto json = parse_limited_json(text(name), event_depth_max + 1);
        if (json && json.value().is_array()) return json.value();
        fail(name, "a list in its text");
        return Json::array();
    }

    std::string bytes(const char* name, const Json& json)
    {
        auto bytes = bytes_of_json(json);
        if (not bytes) fail(name, "pairs of texts in its text");
        return bytes ? std::move(bytes.value()) : std::string{};
    }

    void fail(std::string_view name, std::string_view wanted)
    {
        if (not error_) error_ = bad_member(name, wanted);
    }

    const Json& json_;
    std::optional<Error> error_;
};

result<RecordedEvent> event_in(const Json& json)
{
    if (json.contains("data")) {
        return fail(
            Failure::invalid, "not-an-exported-line",
            "found an event with its data as JSON, from `store export --readable`, which is for other programs; "
            "give an export without it");
    }
    Members members{json};
    RecordedEvent event{.id          = members.id("id"),
                        .stream      = members.text("subject"),
                        .version     = members.number("streamversion"),
                        .position    = members.number("position"),
                        .type        = members.text("type"),
                        .data        = members.data("data_base64"),
                        .metadata    = {},
                        .recorded_at = members.time("time")};
    const auto schema_version = members.number("schemaversion");
    if (schema_version > std::numeric_limits<std::uint32_t>::max())
        return bad_member("schemaversion", "a number of 32 bits");
    event.schema_version = static_cast<std::uint32_t>(schema_version);
    if (members.has("correlationid")) event.metadata.correlation = members.id("correlationid");
    if (members.has("causationid")) event.metadata.causation = members.id("causationid");
    if (members.has("tags")) event.metadata.tags = members.texts("tags");
    if (members.has("headers")) event.metadata.headers = members.pairs("headers");
    BOOST_OUTCOME_TRY(members.all_read());
    return event;
}

result<RecordedEvent> gone_event_in(const Json& json)
{
    Members members{json};
    RecordedEvent event;
    event.id          = members.id("id");
    event.stream      = members.text("subject");
    event.version     = members.number("streamversion");
    event.position    = members.number("position");
    event.recorded_at = members.time("time");
    BOOST_OUTCOME_TRY(members.all_read());
    return event;
}

result<CommandRecord> command_in(const Json& json)
{
    Members members{json};
    CommandRecord command{.id            = members.id("id"),
                          .stream        = members.text("subject"),
                          .count         = members.number("events"),
                          .last_version  = members.number("streamversion"),
                          .last_position = members.number("position")};
    BOOST_OUTCOME_TRY(members.all_read());
    return command;
}

result<HistoryEnd> end_in(const Json& json)
{
    Members members{json};
    const HistoryEnd end{members.number("position")};
    BOOST_OUTCOME_TRY(members.all_read());
    return end;
}

result<HistoryLine> line_in(const Json& json)
{
    Members members{json};
    HistoryLine line{.number = members.number("line"), .content = {}};
    const std::string source = members.text("source");
    BOOST_OUTCOME_TRY(members.all_read());
    if (source == of_event) {
        BOOST_OUTCOME_TRY(line.content, event_in(json));
    } else if (source == of_gone) {
        BOOST_OUTCOME_TRY(line.content, gone_event_in(json));
    } else if (source == of_command) {
        BOOST_OUTCOME_TRY(line.content, command_in(json));
    } else if (source == of_end) {
        BOOST_OUTCOME_TRY(line.content, end_in(json));
    } else {
        return bad_member(
            "source", "one of urn:eventloom:events, urn:eventloom:gone, urn:eventloom:commands and urn:eventloom:end");
    }
    return line;
}

// Whether `json` says what `members` do, number and checksum besides, and nothing more.
bool says_the_same(const Json& json, const Json& members, std::uint64_t number)
{
    for (const auto& [name, value] : members.items()) {
        if (json[name] != value) return false;
    }
    return json.size() == members.size() + 2 && json["checksum"] == checksum_of(numbered(members, number));
}

} // namespace

std::string cloud_events::line_of(const RecordedEvent& event, std::uint64_t number)
{
    return sealed(members_of(event), number);
}

std::string cloud_events::line_of(const CommandRecord& command, std::uint64_t number)
{
    return sealed(members_of(command), number);
}

std::string cloud_events::line_of(const HistoryEnd& end, std::uint64_t number)
{
    return sealed(members_of(end), number);
}

bool cloud_events::is_line(std::string_view text, std::uint64_t number)
{
    const auto checksum = text.rfind(",\"checksum\"");
    if (checksum == std::string_view::npos) return false;
    const auto members = std::string{text.substr(0, checksum)} + "}";
    return members.ends_with("\"line\":\"" + std::to_string(number) + "\"}") &&
           text.substr(checksum) == checksum_member(checksum_of(members));
}

std::string cloud_events::readable_line_of(const RecordedEvent& event, std::string_view data_json)
{
    if (is_gone(event)) return one_line(members_of_gone(event));
    auto members    = described(event, "application/json");
    members["data"] = Json::parse(data_json);
    return one_line(members);
}

result<HistoryLine> cloud_events::read_line(std::string_view text)
{
    const auto parsed = parse_limited_json(text, event_depth_max);
    if (not parsed) {
        return fail(
            Failure::invalid, parsed.error().code,
            "found a line that is not JSON, or that nests too deep; give a file that `store export` has written");
    }
    const Json& json = parsed.value();
    if (not json.is_object() || json["specversion"] != "1.0") {
        return fail(Failure::invalid, "not-a-cloud-event",
                    "found JSON that is not a CloudEvent of version 1.0; give a file that `store export` has written");
    }
    BOOST_OUTCOME_TRY(auto line, line_in(json));
    // What was read is written again: so nothing is passed over, and nothing but what was exported is taken.
    const auto members = std::visit([](const auto& read) { return members_of(read); }, line.content);
    if (says_the_same(json, members, line.number)) return line;
    return fail(Failure::corrupt, "damaged-line", "found a damaged line: its checksum does not match; export it again");
}

} // namespace eventloom
