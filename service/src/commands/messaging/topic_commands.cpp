// Topics: what they keep, their last messages, and one that is published by hand. Those who hear them are subscriptions.
#include "command_line_state.hpp"
#include "commands/age_text.hpp"
#include "commands/events/events_shown.hpp"
#include "commands/messaging/topic_shown.hpp"
#include "commands/own_commands.hpp"
#include "commands/watching.hpp"
#include "json/limited_json.hpp"
#include "json/value_of_json.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

struct TopicArguments {
    std::string topic;
    std::string json;
    std::string type;
    std::string id;
    std::uint64_t limit = 20;
};

const std::vector<Column> topic_columns{{"topic"},
                                        {"messages", Align::right},
                                        {"bytes", Align::right},
                                        {"first", Align::right},
                                        {"last", Align::right},
                                        {"oldest"},
                                        {"dropped", Align::right},
                                        {"lost", Align::right},
                                        {"max_age"},
                                        {"max_bytes", Align::right},
                                        {"max_count", Align::right},
                                        {"error"}};

result<Topics*> topics_of(CommandLine& line, bool create_if_missing = false)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open(create_if_missing));
    return &open_service->service().topics();
}

result<void> list_topics(CommandLine& line, Output& out)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    BOOST_OUTCOME_TRY(const auto topics, topics_shown(open_service->service()));
    TableRows rows;
    for (const Json& topic : topics.elements()) {
        auto& row = rows.emplace_back();
        for (const auto& column : topic_columns) row.push_back(topic[column.name]);
    }
    out.table(topic_columns, rows);
    return done();
}

result<void> show_topic(CommandLine& line, Output& out, const std::string& name)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    Service& service = open_service->service();
    BOOST_OUTCOME_TRY(const auto status, service.topics().status(name));
    BOOST_OUTCOME_TRY(const auto shown, topic_shown(service, status));
    out.properties(shown);
    return done();
}

result<void> publish(CommandLine& line, Output& out, const TopicArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(arguments.json, typed_json_depth_max));
    MessageOptions options;
    if (not arguments.id.empty()) options.id = parse_uuid(arguments.id).value_or(Uuid{});
    // A tenant whose name was mistyped is not to become one.
    BOOST_OUTCOME_TRY(auto* const topics, topics_of(line, line.state().tenant.empty()));
    const auto fill = [&](const detail::Description& type, void* message) {
        return read_json(type, message, "the message of the topic " + in_quotes(arguments.topic), json);
    };
    BOOST_OUTCOME_TRY(const auto published, topics->publish(arguments.topic, arguments.type, fill, options));
    out.properties({{"topic", arguments.topic},
                    {"number", published.number},
                    {"id", to_string(published.id)},
                    {"stood before", published.stood_before}});
    return done();
}

result<void> tail(Output& out, const Topics& topics, const std::string& name, std::uint64_t count)
{
    BOOST_OUTCOME_TRY(const auto log, topics.log_of(name));
    const Position last = log->head();
    const auto cursor   = log->read({.from = last - std::min(last, count) + 1});
    TableRows rows;
    auto array = Json::array();
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* message, cursor->next());
        if (message == nullptr) break;
        // What this program does not understand is shown as that, and the others with it.
        const auto said = topics.json_of(name, *message);
        const auto data = said ? said.value() : Json{{"unreadable", said.error().sentence}}.dump();
        if (out.json()) {
            array.push_back(json_of(*message, data));
        } else {
            rows.push_back({message->position, to_string(message->recorded_at), message->type, data});
        }
    }
    if (out.json()) {
        out.properties(array);
    } else {
        out.table({{"number", Align::right}, {"recorded_at"}, {"type"}, {"data"}}, rows);
    }
    return done();
}

} // namespace

void add_topic_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<TopicArguments>();
    const auto topics = line.app().add_subcommand("topics", "Messages that are not events: list, show, publish, tail");
    topics.require_subcommand();

    const auto list = topics.add_subcommand("list", "All topics, what each keeps, and what it has dropped");
    add_watched(line, list, [&line](Output& out) -> result<void> { return list_topics(line, out); });
    const auto show = topics.add_subcommand("show", "One topic");
    show.add_option("topic", arguments->topic, "Its name").required();
    add_watched(line, show,
                [&line, arguments](Output& out) -> result<void> { return show_topic(line, out, arguments->topic); });
    const auto publishing = topics.add_subcommand("publish", "Publish a message, given as JSON");
    publishing.add_option("topic", arguments->topic, "Its name").required();
    publishing.add_option("json", arguments->json, "The message: {\"article\": \"tea\", \"cents\": 350}").required();
    publishing.add_option("--type", arguments->type, "The stored name of the message, if the topic has several");
    publishing.add_option("--id", arguments->id, "Its own id: published again with it, it is the same message")
        .check({.why_not = [](std::string& word) {
            return parse_uuid(word) ? std::string{} : "is not an id such as 0192f0c1-7b1a-7c3e-9f00-1b2c3d4e5f60";
        }});
    line.on(publishing, [&line, arguments](Output& out) { return publish(line, out, *arguments); });
    const auto tailing = topics.add_subcommand("tail", "Its last messages");
    tailing.add_option("topic", arguments->topic, "Its name").required();
    tailing.add_option("-n,--limit", arguments->limit, "How many (default 20)").check(whole_number(1));
    line.on(
        tailing,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto* const opened, topics_of(line));
            return tail(out, *opened, arguments->topic, arguments->limit);
        },
        DirectoryUse::reading);
}

} // namespace eventloom
