// Everything that follows the log, as one notion: projections, sagas, consumer groups, queues, subscriptions. Each has a name, a
// position, a lag, a state and an error, can be paused and resumed, and may have dead letters.
//
//     BOOST_OUTCOME_TRY(const auto all, service.followers().list());
//     for (const auto& follower : all) std::cout << follower.kind << "/" << follower.name << " " << follower.lag << "\n";
//     BOOST_OUTCOME_TRY(service.followers().pause("subscription/letters", "the printer is being mended"));
//
// A follower is named by its kind and name, "subscription/letters", or by its name alone where no other kind has it.
// A kind of followers is one class (FollowerKind), made of what the kind has anyway. Threads: call add before the others, these
// from any thread, but those that change something not from a task of the executor.
// For service/service.hpp: include that.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct FollowerStatus {
    std::string kind                        = {}; // "projection", "saga", "group", "queue", "subscription"
    std::string name                        = {};
    std::string state                       = {};   // a word or two of its kind: "running", "paused", "catching up"
    bool has_begun                          = true; // else nobody knows yet where it will: the next three say nothing
    Position position                       = 0;    // in the log
    Position lag                            = 0;    // events of the log after it
    std::optional<Duration> behind          = {};   // the age of the first of these
    std::optional<double> events_per_second = {};
    std::uint64_t dead_letters              = 0;
    std::optional<Time> paused_until        = {}; // Time::max(): until somebody resumes it
    std::optional<Error> error              = {};
};

// What a follower could not handle, and keeps for a person.
struct FollowerLetter {
    std::string kind                 = {};
    std::string follower             = {};
    std::string id                   = {}; // among those of its follower: the position of an event, or the id of a job
    std::string stream               = {}; // of the event or job
    std::string type                 = {};
    Error error                      = {};
    std::optional<unsigned> attempts = {};
    std::optional<Time> first        = {}; // attempt
    std::optional<Time> last         = {};
    bool is_edited                   = false;
};

// Called now and then while many are handled again; its error ends that.
using FollowerProgress = std::function<result<void>(Position done, Position of)>;

// One kind of followers. What a kind cannot do is Failure::refused "follower-cannot".
class FollowerKind {
public:
    virtual ~FollowerKind() = default;

    virtual std::string_view kind() const              = 0;
    virtual result<std::vector<FollowerStatus>> list() = 0;
    virtual result<void> pause(const std::string& name, std::string_view because, Time until);
    virtual result<void> resume(const std::string& name, std::string_view because);

    // Without their data.
    virtual result<std::vector<FollowerLetter>> letters(const std::string& name);
    // The data of one, as bytes of this form of its type; nothing when it keeps a place in the log alone.
    struct LetterData {
        std::uint32_t schema_version = 1;
        std::string data;
    };
    virtual result<LetterData> data_of(const FollowerLetter& letter);
    // Whether any of them are retried and discarded at all.
    virtual result<void> check_letters_may_be_handled(const std::string& name) const;
    // Several of one follower, by id. An error for each that could not be done.
    using Answers = std::vector<result<void>>;
    virtual Answers retry(const std::string& name, std::span<const std::string> ids, std::string_view because,
                          const FollowerProgress& progress);
    virtual Answers discard(const std::string& name, std::span<const std::string> ids, std::string_view because,
                            const FollowerProgress& progress);
    virtual result<void> edit(const FollowerLetter& letter, LetterData data, std::string_view because);
    // Whether letters that nobody has looked at may be discarded after a time. No: then rows or instances would lack their events
    // for good.
    virtual bool letters_may_end() const { return false; }

protected:
    outcome::failure_type<Error> cannot(std::string_view name, std::string_view what, std::string_view instead) const;
};

// What was discarded of a follower, or why it was not.
struct EndedLetters {
    std::string kind;
    std::string follower;
    std::size_t letters = 0;
    std::optional<Error> error; // the first one
};

class Followers {
public:
    void add(std::unique_ptr<FollowerKind> kind);

    // By kind, in the order in which the kinds were added.
    result<std::vector<FollowerStatus>> list() const;
    // Failure::invalid "no-such-follower", "several-followers": kinds have one of this name.
    result<FollowerStatus> find(std::string_view word) const;
    result<void> pause(std::string_view word, std::string_view because, Time until = Time::max());
    result<void> resume(std::string_view word, std::string_view because);
    // Discards dead letters whose last attempt was at this moment or before it, of the kinds whose letters may end; at most so many.
    result<std::vector<EndedLetters>> end_letters(Time last_attempt, std::size_t most, std::string_view because);

    // The kind of a follower that find() has given.
    FollowerKind& kind_of(std::string_view kind) const;

private:
    std::vector<std::unique_ptr<FollowerKind>> kinds_;
};

} // namespace eventloom
