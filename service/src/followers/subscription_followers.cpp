#include "followers/service_followers.hpp"

#include <eventloom/messaging/subscriptions.hpp>

namespace eventloom {

namespace {

class SubscriptionFollowers final : public FollowerKind {
public:
    explicit SubscriptionFollowers(Subscriptions& subscriptions) : subscriptions_{subscriptions} {}

    std::string_view kind() const override { return "subscription"; }

    result<std::vector<FollowerStatus>> list() override
    {
        BOOST_OUTCOME_TRY(subscriptions_.open());
        std::vector<FollowerStatus> all;
        for (auto& status : subscriptions_.status()) {
            FollowerStatus one{.name = status.name, .state = std::string{to_string(status.state)}};
            one.has_begun         = status.has_begun;
            one.position          = status.position;
            one.lag               = status.lag;
            one.behind            = status.behind;
            one.events_per_second = status.events_per_second;
            one.dead_letters      = status.dead_letters;
            one.paused_until      = status.paused_until;
            one.error             = std::move(status.error);
            all.push_back(std::move(one));
        }
        return all;
    }

    result<void> pause(const std::string& name, std::string_view because, Time until) override
    {
        return subscriptions_.pause(name, because, until);
    }
    result<void> resume(const std::string& name, std::string_view because) override
    {
        return subscriptions_.resume(name, because);
    }

    result<std::vector<FollowerLetter>> letters(const std::string& name) override
    {
        BOOST_OUTCOME_TRY(const auto letters, subscriptions_.dead_letters(name));
        std::vector<FollowerLetter> all;
        for (const auto& letter : letters) {
            FollowerLetter one{.follower = name, .id = std::to_string(letter.position)};
            one.stream    = letter.stream;
            one.type      = letter.type;
            one.error     = letter.error;
            one.attempts  = letter.attempts;
            one.first     = letter.first;
            one.last      = letter.last;
            one.is_edited = letter.data.has_value();
            all.push_back(std::move(one));
        }
        return all;
    }
    result<LetterData> data_of(const FollowerLetter& letter) override
    {
        BOOST_OUTCOME_TRY(const auto position, position_of_letter(letter.id));
        BOOST_OUTCOME_TRY(const auto letters, subscriptions_.dead_letters(letter.follower));
        for (const auto& one : letters) {
            if (one.position == position && one.data) return LetterData{one.schema_version.value_or(1), *one.data};
        }
        BOOST_OUTCOME_TRY(const auto* const heard, subscriptions_.heard_by(letter.follower));
        BOOST_OUTCOME_TRY(auto event, event_of_letter(*heard, position));
        return LetterData{event.schema_version, std::move(event.data)};
    }

    result<void> check_letters_may_be_handled(const std::string&) const override { return done(); }
    Answers retry(const std::string& name, std::span<const std::string> ids, std::string_view because,
                  const FollowerProgress&) override
    {
        return for_each_letter(ids, [&](Position at) { return subscriptions_.retry(name, at, because); });
    }
    bool letters_may_end() const override { return true; }
    Answers discard(const std::string& name, std::span<const std::string> ids, std::string_view because,
                    const FollowerProgress&) override
    {
        return for_each_letter(ids, [&](Position at) { return subscriptions_.discard(name, at, because); });
    }
    result<void> edit(const FollowerLetter& letter, LetterData data, std::string_view because) override
    {
        BOOST_OUTCOME_TRY(const auto position, position_of_letter(letter.id));
        return subscriptions_.edit(letter.follower, position, data.schema_version, std::move(data.data), because);
    }

private:
    Subscriptions& subscriptions_;
};

} // namespace

std::unique_ptr<FollowerKind> subscription_followers(Subscriptions& subscriptions)
{
    return std::make_unique<SubscriptionFollowers>(subscriptions);
}

} // namespace eventloom
