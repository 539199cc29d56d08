#include <eventloom/privacy/detail/personal_keys.hpp>

#include "opened_event.hpp"
#include "request_sealing.hpp"

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>
#include <eventloom/framework/observers.hpp>

#include <algorithm>

namespace eventloom {

namespace {

result<Appended> answer_of(result<Appended> appended, const std::optional<Error>& refused)
{
    return refused && not appended && appended.error().code == "not-recorded" ? *refused : std::move(appended);
}

class SealedCursor final : public EventCursor {
public:
    SealedCursor(std::unique_ptr<EventCursor> cursor, PersonalKeys& keys) : cursor_{std::move(cursor)}, keys_{keys} {}

    result<const RecordedEvent*> next() override
    {
        if (error_) return *error_;
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor_->next());
        if (event == nullptr || find_personal_note(event->metadata) == nullptr) return event;
        opened_           = *event;
        const auto opened = open_parts(opened_, keys_);
        if (opened) return &opened_;
        error_ = opened.error();
        return *error_;
    }

private:
    const std::unique_ptr<EventCursor> cursor_;
    PersonalKeys& keys_;
    RecordedEvent opened_;
    std::optional<Error> error_;
};

// If one event cannot be decrypted, observers get none of its group; reading the log reports which event, and why.
std::shared_ptr<const std::vector<RecordedEvent>> opened(std::shared_ptr<const std::vector<RecordedEvent>> events,
                                                         PersonalKeys& keys)
{
    const bool has_any = std::any_of(events->begin(), events->end(), [](const RecordedEvent& event) {
        return find_personal_note(event.metadata) != nullptr;
    });
    if (not has_any) return events;
    auto copy = std::make_shared<std::vector<RecordedEvent>>(*events);
    for (auto& event : *copy) {
        if (open_parts(event, keys)) continue;
        copy->clear();
        break;
    }
    return copy;
}

class SealedStore final : public EventStore {
public:
    SealedStore(EventStore& store, PersonalKeys& keys) : store_{store}, keys_{keys} {}

    result<Appended> append(const AppendRequest& request) override
    {
        if (not has_open_parts(request)) return store_.append(request);
        auto sealed = request;
        RequestSealing sealing{store_, keys_, sealed};
        BOOST_OUTCOME_TRY(sealing.seal());
        return answer_of(store_.append(sealed), sealing.take_refused());
    }

    void append(AppendRequest request, AppendCompletion completion) override
    {
        if (has_open_parts(request)) {
            RequestSealing sealing{store_, keys_, request};
            auto sealed = sealing.seal();
            if (not sealed) return tell_completion(completion, std::move(sealed.error()));
            if (auto refused = sealing.take_refused()) {
                completion = [refused = std::move(refused), told = std::move(completion)](auto appended) {
                    told(answer_of(std::move(appended), refused));
                };
            }
        }
        store_.append(std::move(request), std::move(completion));
    }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        return std::make_unique<SealedCursor>(store_.read(request), keys_);
    }

    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override
    {
        BOOST_OUTCOME_TRY(auto found, store_.find_event(id));
        if (found) {
            BOOST_OUTCOME_TRY(open_parts(*found, keys_));
        }
        return found;
    }

    result<std::uint64_t> stream_length(std::string_view stream) const override { return store_.stream_length(stream); }
    result<std::vector<std::string>> stored_types() const override { return store_.stored_types(); }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override { return store_.find_command(id); }
    Position head() const override { return store_.head(); }

    Observation observe(CommitObserver observer) override
    {
        return store_.observe([&keys = keys_, observer = std::move(observer)](auto events) {
            observer(opened(std::move(events), keys));
        });
    }

    std::shared_ptr<InlineRows> inline_rows() const override { return store_.inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override { return store_.hold_appends(); }

private:
    EventStore& store_;
    PersonalKeys& keys_;
};

} // namespace

std::unique_ptr<EventStore> seal_personal_data(EventStore& store, PersonalKeys& keys)
{
    return std::make_unique<SealedStore>(store, keys);
}

} // namespace eventloom
