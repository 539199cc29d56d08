#include "followers/service_followers.hpp"

#include <eventloom/projections/detail/projections.hpp>

#include <algorithm>

namespace eventloom {

namespace {

class ProjectionFollowers final : public FollowerKind {
public:
    ProjectionFollowers(Projections& projections, const EventStore& store) : projections_{projections}, store_{store} {}

    std::string_view kind() const override { return "projection"; }

    result<std::vector<FollowerStatus>> list() override
    {
        std::vector<FollowerStatus> all;
        for (auto& status : projections_.status()) {
            FollowerStatus one{.name = status.name, .state = std::string{to_string(status.state)}};
            one.position          = status.position;
            one.lag               = status.lag;
            one.behind            = status.behind;
            one.events_per_second = status.events_per_second;
            one.dead_letters      = status.dead_letters;
            if (status.state == ProjectionState::paused) one.paused_until = Time::max();
            one.error = std::move(status.error);
            all.push_back(std::move(one));
        }
        return all;
    }

    // A pause of a projection has neither a reason nor an end.
    result<void> pause(const std::string& name, std::string_view, Time until) override
    {
        if (until != Time::max())
            return cannot(name, "pause the work until a time", "pause it without --until, and resume it");
        return projections_.pause(name);
    }
    result<void> resume(const std::string& name, std::string_view) override { return projections_.resume(name); }

    result<std::vector<FollowerLetter>> letters(const std::string& name) override
    {
        BOOST_OUTCOME_TRY(const auto letters, projections_.dead_letters(name));
        std::vector<FollowerLetter> all;
        for (const auto& letter : letters) {
            FollowerLetter one{.follower = name, .id = std::to_string(letter.position)};
            one.stream = letter.stream;
            one.type   = letter.type;
            one.error  = letter.error;
            all.push_back(std::move(one));
        }
        return all;
    }

    result<LetterData> data_of(const FollowerLetter& letter) override
    {
        BOOST_OUTCOME_TRY(const auto position, position_of_letter(letter.id));
        BOOST_OUTCOME_TRY(auto event, event_of_letter(store_, position));
        return LetterData{event.schema_version, std::move(event.data)};
    }

    result<void> check_letters_may_be_handled(const std::string&) const override { return done(); }
    // Retrying one out of its place would give rows that no fold of the log gives: all of them are folded again.
    Answers retry(const std::string& name, std::span<const std::string> ids, std::string_view,
                  const FollowerProgress& progress) override
    {
        const auto rebuilt = projections_.rebuild(name, progress);
        Answers answers(ids.size(), done());
        if (not rebuilt) std::fill(answers.begin(), answers.end(), result<void>{rebuilt.error()});
        return answers;
    }
    Answers discard(const std::string& name, std::span<const std::string> ids, std::string_view,
                    const FollowerProgress& progress) override
    {
        return for_each_letter(ids, [&](Position at) { return projections_.discard_dead_letter(name, at, progress); });
    }

private:
    Projections& projections_;
    const EventStore& store_;
};

} // namespace

std::unique_ptr<FollowerKind> projection_followers(Projections& projections, const EventStore& store)
{
    return std::make_unique<ProjectionFollowers>(projections, store);
}

} // namespace eventloom
