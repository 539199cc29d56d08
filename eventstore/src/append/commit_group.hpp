// The appends that one write carries: decides one after the other, stages what is accepted, and writes it.
#pragma once

#include "append/commit_path.hpp"
#include "append/staged_log.hpp"
#include "append/submission.hpp"

#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace eventloom {

class CommitPath::Group {
public:
    Group(CommitPath& path, Time now);

    // False: the request asks for what this group has staged, and must wait for the next one.
    bool take(Submission& submission);

    // Writes what was staged, and shows it to everybody.
    result<void> write();

private:
    void take(Submission& submission, const AppendDecision& decision);
    result<void> fold(std::span<const RecordedEvent> events);
    void stage(Submission& submission, const Appended& answer);
    void stage(const StreamAppend& append, Version version, const EventBodies& bodies, std::size_t& body,
               IndexTail& newest);
    void close_record();

    CommitPath& path_;
    StagedLog staged_;
    StagedRows rows_;
    LogEnd end_;
    const Time now_;
    std::vector<std::tuple<Position, Position, std::string>> records_;
    std::shared_ptr<std::vector<RecordedEvent>> events_ = std::make_shared<std::vector<RecordedEvent>>();
};

} // namespace eventloom
