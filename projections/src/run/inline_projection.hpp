// A projection that runs inline: its rows lie beside the log and are changed in the write that appends the events.
//
// There is nothing to follow: an append asks it, and is refused when a handler answers with an error. Before it is asked
// the first time it has caught up with the log. Threads: as every RunningProjection.
#pragma once

#include "run/inline_generations.hpp"
#include "run/inline_model.hpp"
#include "run/running_projection.hpp"

namespace eventloom {

class InlineProjection final : public RunningProjection {
public:
    InlineProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                     std::shared_ptr<const Projection> definition, const ProjectionOptions& options);
    ~InlineProjection() override;
    InlineProjection(const InlineProjection&)            = delete;
    InlineProjection& operator=(const InlineProjection&) = delete;

    // What stands there of another version, or in another place, stays: appends, which need rows of this version, are
    // refused until these are built.
    result<void> open() override;
    result<void> build() override;

    result<NewGeneration> begin_generation() const override;
    // Not in the log: it would wait for every append, and every append for it.
    result<NewGeneration> begin_scratch() const override;
    result<Position> catch_up_and_replace(const NewGeneration& by) override;
    result<void> clear_away() const override;

    void follow() override {}
    result<void> stop_following() override { return done(); }
    result<void> set_paused(bool paused) override;
    bool is_inline() const override { return true; }

private:
    bool is_running() const override { return fold_of_appends_ != nullptr && not stands_by(); }
    result<void> check_options() const;
    result<std::shared_ptr<InlineModel>> open_model(std::uint64_t number) const;
    result<std::shared_ptr<InlineModel>> open_or_begin(const std::optional<Generation>& stored);
    result<void> take_place(const std::optional<Generation>& stored);
    result<void> stand_by(const Generation& stored);
    result<Position> take_over(std::uint64_t number, const std::shared_ptr<InlineModel>& model);

    const InlineGenerations in_log_;
    std::uint64_t number_ = 0;                    // of the generation that answers
    std::shared_ptr<InlineFold> fold_of_appends_; // none before it was opened
};

} // namespace eventloom
