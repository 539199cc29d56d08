#include "commands/sagas/saga_shown.hpp"

#include <eventloom/framework/detail/shape.hpp>

namespace eventloom {

const std::vector<Column>& saga_columns()
{
    static const std::vector<Column> columns{{"saga"},      {"key"},   {"version", Align::right},
                                             {"status"},    {"step"},  {"attempts", Align::right},
                                             {"waits for"}, {"until"}, {"code"},
                                             {"why"},       {"began"}, {"changed"}};
    return columns;
}

std::vector<Json> saga_row_of(const SagaInstance& instance)
{
    return {instance.saga,
            instance.key,
            instance.version,
            to_string(instance.status),
            instance.step,
            instance.attempts,
            instance.waits_for.empty() ? Json(nullptr) : Json(instance.waits_for),
            instance.until ? Json(to_string(*instance.until)) : Json(nullptr),
            instance.why ? Json(instance.why->code) : Json(nullptr),
            instance.why ? Json(instance.why->step + (instance.why->step.empty() ? "" : ": ") + instance.why->reason)
                         : Json(nullptr),
            to_string(instance.began),
            to_string(instance.changed)};
}

namespace {

const std::vector<Column>& call_columns()
{
    static const std::vector<Column> columns{{"call"},     {"step"},        {"attempt", Align::right}, {"runs since"},
                                             {"progress"}, {"progress at"}, {"next attempt"},          {"waits for"}};
    return columns;
}

std::vector<Json> row_of(const ActivityCallState& call)
{
    const auto time_of = [](const std::optional<Time>& time) { return time ? Json(to_string(*time)) : Json(nullptr); };
    const auto text_of = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    return {text_of(call.activity),
            call.step,
            call.attempt,
            time_of(call.since),
            text_of(call.progress),
            time_of(call.progress_at),
            time_of(call.next_attempt),
            text_of(call.waits_for)};
}

// Of an event of the history. What its bytes say is in the state of the instance, or is none of the reader's; as text they would be
// damaged. A fingerprint is larger than the numbers that every reader of JSON can hold.
Json readable(const Json& data)
{
    if (data.is_array()) {
        auto all = Json::array();
        for (const Json& one : data.elements()) all.push_back(readable(one));
        return all;
    }
    if (not data.is_object()) return data;
    auto shown = Json::object();
    for (const auto& [name, value] : data.items()) {
        const bool is_bytes       = value.is_text() && (name == "state" || name == "bytes" || name == "data");
        const bool is_fingerprint = value.is_whole() && (name == "shape" || name == "form");
        if (is_bytes) continue;
        shown[name] = is_fingerprint ? Json(digits_of_fingerprint(value.unsigned_whole())) : readable(value);
    }
    return shown;
}

} // namespace

result<void> show_saga(Output& out, const Sagas& sagas, const std::string& saga, const std::string& key,
                       std::size_t entries)
{
    BOOST_OUTCOME_TRY(const auto details, sagas.show(saga, key, entries));
    auto properties     = Json::object();
    const auto& columns = saga_columns();
    const auto row      = saga_row_of(details.instance);
    for (std::size_t i = 0; i < columns.size(); ++i) properties[columns[i].name] = row[i];
    properties["state"] = Json::parse(details.state_json).value_or(details.state_json);

    std::vector<std::vector<Json>> times;
    auto times_json = Json::array();
    for (const auto& time : details.times) {
        times.push_back({to_string(time.at), time.what, time.step.empty() ? Json(nullptr) : Json(time.step)});
        times_json.push_back({{"at", times.back()[0]}, {"what", times.back()[1]}, {"step", times.back()[2]}});
    }
    std::vector<std::vector<Json>> calls;
    auto calls_json = Json::array();
    for (const auto& call : details.calls) {
        calls.push_back(row_of(call));
        auto one = Json::object();
        for (std::size_t i = 0; i < call_columns().size(); ++i) one[call_columns()[i].name] = calls.back()[i];
        calls_json.push_back(one);
    }
    std::vector<std::vector<Json>> history;
    auto history_json = Json::array();
    for (const auto& entry : details.history) {
        history.push_back({to_string(entry.at), entry.what, entry.step, entry.detail});
        history_json.push_back({{"at", to_string(entry.at)},
                                {"what", entry.what},
                                {"step", entry.step},
                                {"detail", entry.detail},
                                {"position", entry.position},
                                {"data", readable(Json::parse(entry.data_json).value_or(entry.data_json))}});
    }
    if (out.json()) properties["times"] = times_json;
    if (out.json()) properties["calls"] = calls_json;
    if (out.json()) properties["earlier_entries"] = details.earlier;
    if (out.json()) properties["history"] = history_json;
    out.properties(properties);
    if (not out.json() && not times.empty()) {
        out.say("");
        out.table({{"until"}, {"what"}, {"step"}}, times);
    }
    if (not out.json() && not calls.empty()) {
        out.say("");
        out.table(call_columns(), calls);
    }
    if (not out.json() && details.earlier > 0) {
        out.say("");
        out.say(with_separators(static_cast<std::int64_t>(details.earlier)) +
                " earlier entries are not shown; --limit shows more");
    }
    if (not out.json()) {
        out.say("");
        out.table({{"at"}, {"what"}, {"step"}, {"detail"}}, history);
    }
    return done();
}

Json json_of_pause(const std::string& saga, const SagaPause& pause)
{
    return {{"saga", saga},
            {"since", to_string(pause.since)},
            {"until", pause.until == Time::max() ? Json(nullptr) : Json(to_string(pause.until))},
            {"because", pause.because}};
}

std::string sentence_of_pause(const std::string& saga, const SagaPause& pause)
{
    return "The saga " + saga + " is paused " +
           (pause.until == Time::max() ? std::string{"until somebody resumes it"} : "until " + to_string(pause.until)) +
           (pause.because.empty() ? "" : ": " + pause.because);
}

void say_what_sagas_are_paused(Output& out, const Sagas& sagas)
{
    std::string sentence;
    auto json = Json::array();
    for (const auto& [saga, pause] : sagas.paused()) {
        sentence += (sentence.empty() ? "" : "\n") + sentence_of_pause(saga, pause);
        json.push_back(json_of_pause(saga, pause));
    }
    if (not sentence.empty()) out.warn(sentence, "paused", json);
}

} // namespace eventloom
