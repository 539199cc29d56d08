#include "rows/row_watcher.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom {

namespace {

std::size_t bytes_of(const RowWatcher::Rows& rows)
{
    std::size_t bytes = 0;
    for (const auto& row : *rows) bytes += detail::bytes_of(row);
    return bytes;
}

} // namespace

RowWatcher::RowWatcher(Executor& executor, std::string table, WatchOptions options, detail::TellChanges tell)
    : executor_{executor}, table_{std::move(table)}, options_{std::move(options)}, tell_{std::move(tell)}
{
}

std::optional<Error> RowWatcher::error() const
{
    const std::lock_guard lock{mutex_};
    return error_;
}

void RowWatcher::add(Position position, Rows rows)
{
    const std::lock_guard lock{mutex_};
    if (stopped_) return;
    // A reader of the whole table sees everything that waited, and everything that comes before the read.
    const bool reads_anew = not waiting_.empty() && not waiting_.back().rows;
    if (rows && (reads_anew || not has_room_for(rows))) rows = nullptr;
    if (not rows) {
        waiting_.clear();
        rows_waiting_  = 0;
        bytes_waiting_ = 0;
    } else {
        rows_waiting_ += rows->size();
        bytes_waiting_ += bytes_of(rows);
    }
    waiting_.push_back({position, std::move(rows)});
    if (not std::exchange(is_called_, true)) call_soon();
}

bool RowWatcher::has_room_for(const Rows& rows) const
{
    return rows_waiting_ + rows->size() <= options_.rows_max && bytes_waiting_ + bytes_of(rows) <= options_.bytes_max;
}

void RowWatcher::call_soon()
{
    executor_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->tell_one();
    });
}

// One write a turn, so that many who watch share few threads fairly.
void RowWatcher::tell_one()
{
    const std::lock_guard handling{handling_};
    const auto next = take();
    if (not next) return;
    running_on_ = std::this_thread::get_id();
    auto told   = call_user_code("the handler that watches rows", options_.name,
                                 [&] { return tell_(next->position, next->rows.get()); });
    running_on_ = std::thread::id{};
    if (told) position_ = next->position;

    const std::lock_guard lock{mutex_};
    if (not told) {
        error_   = std::move(told.error());
        stopped_ = true;
        waiting_.clear();
    }
    is_called_ = not waiting_.empty();
    if (is_called_) call_soon();
}

std::optional<RowWatcher::Waiting> RowWatcher::take()
{
    const std::lock_guard lock{mutex_};
    if (waiting_.empty()) {
        is_called_ = false;
        return std::nullopt;
    }
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.rows) {
        rows_waiting_ -= next.rows->size();
        bytes_waiting_ -= bytes_of(next.rows);
    }
    return next;
}

void RowWatcher::stop()
{
    {
        const std::lock_guard lock{mutex_};
        stopped_ = true;
        waiting_.clear();
    }
    if (running_on_.load() == std::this_thread::get_id()) return;
    const std::lock_guard wait_for_the_handler{handling_};
}

} // namespace eventloom
