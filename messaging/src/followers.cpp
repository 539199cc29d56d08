#include <eventloom/messaging/detail/followers.hpp>

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

namespace eventloom {

outcome::failure_type<Error> FollowerKind::cannot(std::string_view name, std::string_view what,
                                                  std::string_view instead) const
{
    return fail(
        Failure::refused, "follower-cannot",
        fmt::format("asked to {} of the {} {} and found that a {} cannot; {}", what, kind(), name, kind(), instead));
}

result<void> FollowerKind::pause(const std::string& name, std::string_view, Time)
{
    return cannot(name, "pause the work", "stop the service to stop it");
}

result<void> FollowerKind::resume(const std::string& name, std::string_view)
{
    return cannot(name, "resume the work", "it is never paused");
}

result<std::vector<FollowerLetter>> FollowerKind::letters(const std::string&)
{
    return std::vector<FollowerLetter>{};
}

result<FollowerKind::LetterData> FollowerKind::data_of(const FollowerLetter& letter)
{
    return cannot(letter.follower, "show the data of a dead letter", "look at its stream");
}

result<void> FollowerKind::check_letters_may_be_handled(const std::string& name) const
{
    return cannot(name, "retry or discard dead letters", "they are kept to be looked at");
}

FollowerKind::Answers FollowerKind::retry(const std::string& name, std::span<const std::string> ids, std::string_view,
                                          const FollowerProgress&)
{
    return {ids.size(), cannot(name, "retry a dead letter", "it is kept to be looked at")};
}

FollowerKind::Answers FollowerKind::discard(const std::string& name, std::span<const std::string> ids, std::string_view,
                                            const FollowerProgress&)
{
    return {ids.size(), cannot(name, "discard a dead letter", "it is kept to be looked at")};
}

result<void> FollowerKind::edit(const FollowerLetter& letter, LetterData, std::string_view)
{
    return cannot(letter.follower, "edit a dead letter", "only those of subscriptions are edited");
}

void Followers::add(std::unique_ptr<FollowerKind> kind)
{
    kinds_.push_back(std::move(kind));
}

result<std::vector<FollowerStatus>> Followers::list() const
{
    std::vector<FollowerStatus> all;
    for (const auto& kind : kinds_) {
        BOOST_OUTCOME_TRY(auto some, kind->list());
        for (auto& one : some) {
            one.kind = kind->kind();
            all.push_back(std::move(one));
        }
    }
    return all;
}

result<FollowerStatus> Followers::find(std::string_view word) const
{
    BOOST_OUTCOME_TRY(const auto all, list());
    std::vector<FollowerStatus> found;
    std::string names;
    for (const auto& one : all) {
        const auto whole = fmt::format("{}/{}", one.kind, one.name);
        if (word == whole) return one; // a name may have a slash
        if (word == one.name) found.push_back(one);
        names += (names.empty() ? "" : ", ") + whole;
    }
    if (found.size() == 1) return std::move(found.front());
    if (found.empty()) {
        return fail(Failure::invalid, "no-such-follower",
                    fmt::format("asked for the follower {} and found {}", in_quotes(word),
                                names.empty() ? "that nothing follows the log" : "only: " + names));
    }
    return fail(Failure::invalid, "several-followers",
                fmt::format("asked for the follower {} and found {} of that name; say which: {}/{}, {}/{}",
                            in_quotes(word), found.size(), found[0].kind, found[0].name, found[1].kind, found[1].name));
}

result<void> Followers::pause(std::string_view word, std::string_view because, Time until)
{
    BOOST_OUTCOME_TRY(const auto found, find(word));
    return kind_of(found.kind).pause(found.name, because, until);
}

result<void> Followers::resume(std::string_view word, std::string_view because)
{
    BOOST_OUTCOME_TRY(const auto found, find(word));
    return kind_of(found.kind).resume(found.name, because);
}

FollowerKind& Followers::kind_of(std::string_view kind) const
{
    for (const auto& one : kinds_) {
        if (one->kind() == kind) return *one;
    }
    broken_promise("a kind of followers was asked for that was not added", std::source_location::current());
}

result<std::vector<EndedLetters>> Followers::end_letters(Time last_attempt, std::size_t most, std::string_view because)
{
    std::vector<EndedLetters> all;
    for (const auto& kind : kinds_) {
        if (not kind->letters_may_end()) continue;
        BOOST_OUTCOME_TRY(const auto followers, kind->list());
        for (const auto& follower : followers) {
            if (follower.dead_letters == 0 || most == 0) continue;
            BOOST_OUTCOME_TRY(const auto letters, kind->letters(follower.name));
            std::vector<std::string> ids;
            for (const auto& letter : letters) {
                if (ids.size() < most && letter.last && *letter.last <= last_attempt) ids.push_back(letter.id);
            }
            if (ids.empty()) continue;
            most -= ids.size();
            auto& ended    = all.emplace_back(EndedLetters{std::string{kind->kind()}, follower.name, 0, std::nullopt});
            const auto end = kind->discard(follower.name, ids, because, [](Position, Position) { return done(); });
            for (const auto& answer : end) {
                if (answer) ++ended.letters;
                if (not answer && not ended.error) ended.error = answer.error();
            }
        }
    }
    return all;
}

} // namespace eventloom
