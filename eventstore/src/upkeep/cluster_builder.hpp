// Makes the cluster of one range of the log, in steps of some milliseconds and in bounded memory.
//
// The events of a range do not fit into memory, and fetching them one at a time would cost a seek each. So the range is
// read through several times, from the beginning to the end; each time those pages are gathered whose hash lies in the
// next part of all hashes, sorted in memory and written after the last. Nothing of the database is held between steps.
// Threads: one at a time.
#pragma once

#include "clusters/cluster_file.hpp"

#include <eventloom/storage/database.hpp>

namespace eventloom {

class ClusterBuilder {
public:
    // All of the range stands in the log. `memory_bytes`: of events that are gathered at a time.
    ClusterBuilder(const Runtime& runtime, const Database& log, std::string directory, const ClusterRange& range,
                   std::size_t memory_bytes);

    // Does the next piece; says whether that was the last, and the file is there.
    result<bool> step();

    const ClusterRange& range() const { return range_; }
    // Of the log's record that holds the last position of the range; known at the end.
    std::uint64_t checksum() const { return checksum_; }

private:
    enum class Stage : std::uint8_t { measuring, gathering, writing };

    // An event in `bytes_`, where its stream's name stands before it, or before an earlier one.
    struct Gathered {
        std::uint64_t hash = 0;
        Position position  = 0;
        Version version    = 0;
        Time recorded_at{};
        std::uint64_t checksum  = 0;
        std::size_t name        = 0;
        std::size_t body        = 0;
        std::uint32_t record    = 0; // number of the record in the range
        std::uint32_t name_size = 0;
        std::uint32_t body_size = 0;
    };

    template <class Visit>
    result<void> read_on(Visit visit);
    bool is_read() const { return next_ > range_.last; }
    template <class Visit>
    result<void> visit_scattered(const RecordView& record, Visit visit) const;
    result<void> measure();
    result<void> gather();
    void gather(const RecordView& record, Position position, std::uint64_t hash, const RecordView::Body& event);
    result<bool> write();
    void put_page(std::size_t begin, std::size_t end);
    bool is_wanted(std::uint64_t hash) const;
    std::string_view name_of(const Gathered& event) const;

    const Runtime runtime_;
    const Database& log_;
    const std::string directory_;
    const ClusterRange range_;
    const std::size_t memory_bytes_;

    Stage stage_ = Stage::measuring;
    Position next_;                  // the next to be read
    std::uint32_t record_       = 0; // number of the next record
    std::uint64_t bytes_wanted_ = 0; // of the events that may be clustered
    std::uint64_t parts_        = 1;
    std::uint64_t part_         = 0;
    std::uint64_t checksum_     = 0;
    std::string bytes_;
    std::vector<Gathered> events_;
    std::size_t written_ = 0; // of events_
    std::vector<PagedEvent> page_;
    std::unique_ptr<ClusterWriter> writer_;
};

} // namespace eventloom
