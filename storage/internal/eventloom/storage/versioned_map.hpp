// An ordered map from bytes to bytes in memory, whose views stay as they were: the twin of Database for what need not last.
//
//     VersionedMap rows;
//     rows.write(batch);
//     const auto view = rows.view();            // sees this moment, whatever is written meanwhile
//     const auto stored = view.get(key);
//
// A view sees what was written up to its moment, and delays no one. Threads: any.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

class VersionedMap {
public:
    // Must not outlive the map. Threads: any.
    class View {
    public:
        explicit View(const VersionedMap& map);
        ~View();
        View(const View&)            = delete;
        View& operator=(const View&) = delete;

        std::optional<std::string> get(std::string_view key) const;
        // At the first key of the span, or at the last one when it goes backwards.
        std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const;

    private:
        const VersionedMap& map_;
        const std::uint64_t written_; // it sees so many writes
    };

    VersionedMap();
    ~VersionedMap();

    std::optional<std::string> get(std::string_view key) const;
    void write(const RowBatch& batch);

private:
    class Cursor;
    class State;
    const std::unique_ptr<State> state_;
};

} // namespace eventloom
