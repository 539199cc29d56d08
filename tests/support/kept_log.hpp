// A log whose lines a test can read: "warning event-parked projection=orders position=12".
#pragma once

#include <eventloom/framework/log.hpp>

#include <mutex>

namespace eventloom::testing {

class KeptLog final : public Log {
public:
    void write(LogLevel level, std::string_view what, const LogFields& fields) override
    {
        std::string line = std::string{to_string(level)} + " " + std::string{what};
        for (const LogField& field : fields) {
            if (field.name != "error")
                line += " " + std::string{field.name} + "=" + field.value; // sentences may change
        }
        const std::lock_guard lock{mutex_};
        lines_.push_back(std::move(line));
    }

    // From a level on, in the order in which they were written.
    std::vector<std::string> lines(LogLevel least = LogLevel::warning) const
    {
        std::vector<std::string> chosen;
        const std::lock_guard lock{mutex_};
        for (const auto& line : lines_) {
            for (auto level = least; level <= LogLevel::error;
                 level      = static_cast<LogLevel>(static_cast<int>(level) + 1)) {
                if (line.starts_with(to_string(level))) chosen.push_back(line);
            }
        }
        return chosen;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

} // namespace eventloom::testing
