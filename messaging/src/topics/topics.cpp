#include <eventloom/messaging/topics.hpp>

#include "topic_log.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace topics {

class Topic : public std::enable_shared_from_this<Topic> {
public:
    Topic(const Runtime& runtime, EventStore& log, EngineKind& engine, const std::string& directory,
          Durability durability, const std::string& name, detail::FactList messages, TopicRetention retention)
        : name_{name}, messages_{messages}, retention_{retention},
          log_{std::make_shared<TopicLog>(runtime, log, engine, directory + "/" + name, durability, name, retention)},
          runtime_{runtime}
    {
    }

    const std::string& name() const { return name_; }
    const detail::FactList& messages() const { return messages_; }
    const std::shared_ptr<TopicLog>& log() const { return log_; }
    EventBus& bus() { return *bus_; }

    result<void> open()
    {
        const std::lock_guard lock{mutex_};
        if (bus_) return done();
        BOOST_OUTCOME_TRY(log_->open());
        bus_ = std::make_unique<EventBus>(runtime_, *log_);
        return done();
    }

    // On the thread of the topics.
    void keep_limits_by_age(Executor& thread)
    {
        if (not retention_.max_age) return;
        const Time now = runtime_.clock.now();
        auto due       = log_->next_due();
        if (due && *due <= now) {
            static_cast<void>(log_->keep_limits()); // its error is in the status
            due = log_->next_due();
        }
        const Time soonest = now + std::chrono::seconds{1};
        const Time latest  = now + *retention_.max_age;
        thread.post_at(std::clamp(due.value_or(now + *retention_.max_age / 8), soonest, latest),
                       [weak = weak_from_this(), &thread] {
                           if (const auto self = weak.lock()) self->keep_limits_by_age(thread);
                       });
    }

private:
    const std::string name_;
    const detail::FactList messages_;
    const TopicRetention retention_;
    const std::shared_ptr<TopicLog> log_;
    const Runtime runtime_;
    std::mutex mutex_;
    std::unique_ptr<EventBus> bus_; // nullptr: it was not opened yet
};

} // namespace topics

struct Topics::State {
    const Runtime runtime;
    EventStore& log;
    CommandBus& commands;
    EngineKind& engine;
    const std::string directory;
    const Durability durability;
    std::vector<std::shared_ptr<topics::Topic>> all;
    std::optional<Error> refused; // the first that was added in vain
    std::mutex starting;
    std::unique_ptr<Executor> thread; // nullptr: nobody keeps limits by age
};

Topics::Topics(const Runtime& runtime, EventStore& log, CommandBus& commands, EngineKind& engine, std::string directory,
               Durability durability)
    : state_{new State{runtime, log, commands, engine, std::move(directory), durability, {}, {}, {}, {}}}
{
}

Topics::~Topics()
{
    stop();
}

void Topics::add_topic(std::string name, detail::FactList messages, TopicRetention retention)
{
    auto fits = topics::check_topic(name, retention);
    if (fits && find(name)) {
        fits =
            fail(Failure::invalid, "topic-added-twice",
                 fmt::format("added the topic {} and found that it had been added before; each has a name of its own",
                             name));
    }
    for (const auto& type : messages.types()) {
        if (not fits || not type.is_personal) continue;
        fits = fail(Failure::invalid, "invalid-topic",
                    fmt::format("added the topic {} and found personal data in its message {}; a topic is not sealed: "
                                "let the message name the person, and keep the data in events",
                                name, type.name));
    }
    if (not fits) {
        if (not state_->refused) state_->refused = std::move(fits.error());
        return;
    }
    state_->all.push_back(std::make_shared<topics::Topic>(state_->runtime, state_->log, state_->engine,
                                                          state_->directory, state_->durability, name, messages,
                                                          retention));
}

result<topics::Topic*> Topics::find(std::string_view topic) const
{
    std::string names;
    for (const auto& one : state_->all) {
        if (one->name() == topic) return one.get();
        names += (names.empty() ? "" : ", ") + one->name();
    }
    return fail(Failure::invalid, "no-such-topic",
                fmt::format("asked for the topic {} and found {}", in_quotes(topic.substr(0, 128)),
                            names.empty() ? "that the program has none" : "only: " + names));
}

result<topics::Topic*> Topics::opened(std::string_view topic) const
{
    if (state_->refused) return *state_->refused;
    BOOST_OUTCOME_TRY(auto* const found, find(topic));
    BOOST_OUTCOME_TRY(state_->commands.take_category("topic", typeid(topics::KeptFacts), "the topics"));
    BOOST_OUTCOME_TRY(found->open());
    return found;
}

result<PublishedMessage> Topics::publish(detail::NewMessage message, const MessageOptions& options)
{
    const bool is_known                = not options.id.is_nil();
    message.event.id                   = is_known ? options.id : state_->runtime.ids.next();
    message.event.metadata.correlation = options.correlation.is_nil() ? message.event.id : options.correlation;
    message.event.metadata.causation   = options.causation;
    BOOST_OUTCOME_TRY(auto* const topic, opened(message.topic));
    return topic->log()->publish({std::move(message.event)},
                                 is_known ? topics::TopicLog::Look::yes : topics::TopicLog::Look::no);
}

result<void> Topics::check(const detail::NewMessage& message) const
{
    BOOST_OUTCOME_TRY(const auto* const topic, opened(message.topic));
    return topic->log()->check(topics::bytes_of(message.event.data, message.event.type));
}

result<PublishedMessage> Topics::publish_all(const std::string& name, std::vector<NewEvent> events)
{
    BOOST_OUTCOME_TRY(auto* const topic, opened(name));
    if (events.empty()) {
        return fail(Failure::invalid, "no-message",
                    fmt::format("published nothing to the topic {}; give at least one message", name));
    }
    for (NewEvent& event : events) {
        event.id                   = state_->runtime.ids.next();
        event.metadata.correlation = event.id;
    }
    return topic->log()->publish(std::move(events), topics::TopicLog::Look::no);
}

result<PublishedMessage> Topics::publish(std::string_view name, std::string_view type, const FillMessage& fill,
                                         const MessageOptions& options)
{
    BOOST_OUTCOME_TRY(const auto* const topic, find(name));
    const auto& types = topic->messages().types();
    std::string names;
    for (std::size_t place = 0; place < types.size(); ++place) {
        if (type.empty() ? types.size() == 1 : types[place].name == type) {
            detail::NewMessage message{std::string{name}, {}};
            const detail::StructForm& form = types[place].forms[types[place].schema_version - 1];
            const auto make                = [&](std::size_t, const void* made) -> result<void> {
                // It was made for this call, and is nobody else's.
                BOOST_OUTCOME_TRY(fill(*form.type, const_cast<void*>(made)));
                message.event = detail::encoded_fact(topic->messages(), place, made);
                return done();
            };
            BOOST_OUTCOME_TRY(form.make(make));
            return publish(std::move(message), options);
        }
        names.append(names.empty() ? "" : ", ").append(types[place].name);
    }
    return fail(Failure::invalid, "no-such-message-type",
                fmt::format("published a message {} to the topic {} and found: {}; name one of these",
                            type.empty() ? "without a type" : "of the type " + in_quotes(type), name, names));
}

result<std::vector<TopicStatus>> Topics::list() const
{
    std::vector<TopicStatus> all;
    if (state_->refused) return *state_->refused;
    for (const auto& one : state_->all) {
        BOOST_OUTCOME_TRY(auto status, this->status(one->name()));
        all.push_back(std::move(status));
    }
    return all;
}

result<TopicStatus> Topics::status(std::string_view topic) const
{
    BOOST_OUTCOME_TRY(const auto* const found, opened(topic));
    return found->log()->status();
}

result<std::shared_ptr<EventStore>> Topics::log_of(std::string_view topic) const
{
    BOOST_OUTCOME_TRY(const auto* const found, opened(topic));
    return std::shared_ptr<EventStore>{found->log()};
}

result<std::string> Topics::json_of(std::string_view topic, const RecordedEvent& message) const
{
    BOOST_OUTCOME_TRY(const auto* const found, find(topic));
    const auto* type = detail::find_event_type(found->messages().types(), message.type);
    if (type == nullptr) return unknown_event_type(message, "a topic");
    return type->to_json(message.schema_version, message.data);
}

result<EventBus*> Topics::bus_of(std::string_view topic) const
{
    BOOST_OUTCOME_TRY(auto* const found, opened(topic));
    return &found->bus();
}

result<void> Topics::open()
{
    if (state_->refused) return *state_->refused;
    for (const auto& one : state_->all) {
        BOOST_OUTCOME_TRY(opened(one->name()));
    }
    return done();
}

result<void> Topics::start()
{
    BOOST_OUTCOME_TRY(open());
    const std::lock_guard lock{state_->starting};
    if (state_->thread || state_->all.empty()) return done();
    BOOST_OUTCOME_TRY(call_user_code("the start of the thread of", "the topics",
                                     [&] { state_->thread = state_->runtime.executor.own_threads(1); }));
    for (const auto& one : state_->all) {
        state_->thread->post([weak = std::weak_ptr{one}, &thread = *state_->thread] {
            if (const auto topic = weak.lock()) topic->keep_limits_by_age(thread);
        });
    }
    return done();
}

void Topics::stop()
{
    const std::lock_guard lock{state_->starting};
    state_->thread.reset();
}

std::vector<Error> Topics::faults() const
{
    std::vector<Error> faults;
    for (const auto& one : state_->all) {
        if (auto fault = one->log()->fault()) faults.push_back(std::move(*fault));
    }
    return faults;
}

} // namespace eventloom
