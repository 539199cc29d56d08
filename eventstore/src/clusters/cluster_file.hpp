// The file of a cluster: its pages in the order of their hashes, a table of where they are, and a footer.
// docs/format.md, "Clusters". Written once; a page is found with two reads, whatever the size of the file.
//
// Threads: a ClusterWriter belongs to one thread at a time, a ClusterFile may be used from any thread.
#pragma once

#include "clusters/cluster_page.hpp"

#include <eventloom/storage/written_once.hpp>

namespace eventloom {

struct ClusterRange {
    Position first = 0;
    Position last  = 0;
    bool holds(Position position) const { return first <= position && position <= last; }
    Position events() const { return last - first + 1; }
    friend bool operator==(const ClusterRange&, const ClusterRange&) = default;
};

// What is kept in memory while a cluster is made or checked grows with its range.
inline constexpr Position cluster_events_max = 16'777'216;

std::string cluster_path(const std::string& directory, const ClusterRange& range);
// The range that a file's name says; nothing when it is not the name of a cluster.
std::optional<ClusterRange> cluster_range(std::string_view file_name);

class ClusterWriter {
public:
    static result<std::unique_ptr<ClusterWriter>> create(const Runtime& runtime, const std::string& path);

    // In the order of hashes.
    void add(std::string_view stream, std::uint64_t page, std::span<const PagedEvent> events);
    std::size_t buffered() const { return buffer_.size(); }
    result<void> flush();

    // `checksum`: of the log's record that holds the last position of the range.
    result<void> finish(const ClusterRange& range, std::uint64_t checksum);

private:
    struct Page {
        std::uint64_t hash   = 0;
        std::uint64_t offset = 0;
    };
    explicit ClusterWriter(std::unique_ptr<FileWriter> file) : file_{std::move(file)} {}

    std::unique_ptr<FileWriter> file_;
    std::vector<Page> pages_;
    std::string buffer_;
    std::uint64_t written_ = 0;
};

class ClusterFile {
public:
    // Failure::corrupt when it is not the complete file for that range of the log, whose last record has this checksum.
    static result<std::shared_ptr<const ClusterFile>> open(const Runtime& runtime, const std::string& directory,
                                                           const ClusterRange& range, std::uint64_t checksum);

    const ClusterRange& range() const { return range_; }
    std::uint64_t bytes() const { return file_->size(); }

    // Reads a page into `page`, and its bytes into `scratch`. False when it is not here, or damaged: then its events are read
    // from the log.
    bool find(std::string_view stream, std::uint64_t page, std::string& scratch, PageView& found) const;

    // All pages, one after the other. Damage ends it with a sentence of what was found.
    result<void> visit(const std::function<void(const PageView&)>& visitor) const;

private:
    ClusterFile(std::unique_ptr<const FileReader> file, const ClusterRange& range, std::uint64_t buckets);
    struct Region {
        std::uint64_t begin = 0;
        std::uint64_t end   = 0;
    };
    std::optional<Region> region_of(std::uint64_t hash, std::string& scratch) const;
    Error damaged(std::string_view found) const;

    const std::unique_ptr<const FileReader> file_;
    const ClusterRange range_;
    const std::uint64_t buckets_;
    const std::uint64_t table_; // where it begins: after the pages
};

} // namespace eventloom
