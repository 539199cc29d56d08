// A projection that runs inline: its rows are in the database of the log, and the write that appends events changes them.
//
// It follows no log: each append calls it, and is refused when a handler returns an error. Before the first call it catches up
// with the log. Threads: as every RunningProjection.
#pragma once

#include "run/inline_generations.hpp"
#include "run/inline_model.hpp"
#include "run/running_projection.hpp"

namespace eventloom {

class InlineProjection final : public RunningProjection {
public:
    InlineProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                     std::shared_ptr<const UntypedProjection> definition, const ProjectionOptions& options);
    ~InlineProjection() override;
    InlineProjection(const InlineProjection&)            = delete;
    InlineProjection& operator=(const InlineProjection&) = delete;

    // Rows of another version, or in another place, are not changed. Appends need rows of this version, so they are refused
    // until these are built.
    result<void> open() override;
    result<void> build() override;

    result<NewGeneration> begin_generation() const override;
    // Not in the log: otherwise it and the appends would wait for each other.
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
    std::uint64_t number_ = 0;                    // of the generation that queries see
    std::shared_ptr<InlineFold> fold_of_appends_; // none before it was opened
};

} // namespace eventloom
