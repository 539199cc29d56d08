// Lets the commands to one stream go one after the other: two that are decided at the same time cannot both be written.
//
//     turns.take("order-1042", [](Turns::Hold hold) { ... });      // at once, or when those before it have let go
//
// Threads: any. A turn is taken on the thread of the one before it, which has let go.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace eventloom::detail {

class Turns {
public:
    // The turn ends when the last copy goes. These must be gone before the turns are.
    using Hold = std::shared_ptr<const void>;
    // Throws nothing.
    using Turn = std::function<void(Hold)>;

    void take(const std::string& stream, Turn turn)
    {
        {
            const std::lock_guard lock{mutex_};
            const auto [line, is_first] = lines_.try_emplace(stream);
            if (not is_first) return line->second.waiting.push_back(std::move(turn));
        }
        go_on(stream, std::move(turn));
    }

private:
    struct Line {
        enum class At { called, returned, ended } at = At::called; // the turn that was taken last
        std::deque<Turn> waiting;
    };

    // A turn may end before it returns: then this loop takes the next one, so that the stack does not grow with the line.
    void go_on(const std::string& stream, Turn turn)
    {
        while (turn) {
            turn(Hold{this, [stream](Turns* turns) { turns->end(stream); }});
            const std::lock_guard lock{mutex_};
            Line& line = lines_.at(stream);
            if (line.at == Line::At::called) {
                line.at = Line::At::returned;
                return;
            }
            turn = next(stream, line);
        }
    }

    void end(const std::string& stream)
    {
        Turn turn;
        {
            const std::lock_guard lock{mutex_};
            Line& line = lines_.at(stream);
            if (line.at == Line::At::called) {
                line.at = Line::At::ended;
                return;
            }
            turn = next(stream, line);
        }
        go_on(stream, std::move(turn));
    }

    // Nothing: the line has ended. Called with the lock held.
    Turn next(const std::string& stream, Line& line)
    {
        if (line.waiting.empty()) {
            lines_.erase(stream);
            return nullptr;
        }
        line.at   = Line::At::called;
        auto turn = std::move(line.waiting.front());
        line.waiting.pop_front();
        return turn;
    }

    std::mutex mutex_;
    std::unordered_map<std::string, Line> lines_;
};

} // namespace eventloom::detail
