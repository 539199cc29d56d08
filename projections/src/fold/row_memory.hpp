// The memory that all projections of a program have together: for rows that are not written yet, and for blocks of files that
// were read.
//
//     const auto memory = std::make_shared<RowMemory>(64u << 20);
//     RowShare share{memory};
//     share.takes(fold->bytes_cached());
//     if (share.is_too_much()) ...             // write rows, and let go of them
//
// As long as there is room each takes what it needs, so that one that is rebuilt alone has all of it. When there is none, those
// that have more than an equal part write theirs. Threads: any; a share, one.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace eventloom {

struct BlockCache;

class RowMemory {
public:
    explicit RowMemory(std::size_t bytes_max, std::shared_ptr<BlockCache> blocks = nullptr)
        : bytes_max_{bytes_max}, blocks_{std::move(blocks)}
    {
    }

    bool is_used_up() const { return bytes_.load() > bytes_max_; }
    std::size_t equal_part() const { return bytes_max_ / std::max<std::size_t>(shares_.load(), 1); }
    const std::shared_ptr<BlockCache>& blocks() const { return blocks_; }

private:
    friend class RowShare;
    const std::size_t bytes_max_;
    const std::shared_ptr<BlockCache> blocks_;
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> shares_{0};
};

// Of one fold. Gives back what it has taken when it goes.
class RowShare {
public:
    explicit RowShare(std::shared_ptr<RowMemory> of) : memory_{std::move(of)} { ++memory_->shares_; }
    ~RowShare()
    {
        memory_->bytes_ -= bytes_;
        --memory_->shares_;
    }
    RowShare(const RowShare&)            = delete;
    RowShare& operator=(const RowShare&) = delete;

    // So many bytes in all from now on.
    void takes(std::size_t bytes)
    {
        memory_->bytes_ += bytes; // first, so that the sum is never below zero
        memory_->bytes_ -= std::exchange(bytes_, bytes);
    }
    bool is_too_much() const { return memory_->is_used_up() && bytes_ >= memory_->equal_part(); }
    std::size_t equal_part() const { return memory_->equal_part(); }

private:
    const std::shared_ptr<RowMemory> memory_;
    std::size_t bytes_ = 0;
};

} // namespace eventloom
