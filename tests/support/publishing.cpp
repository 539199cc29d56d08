#include "support/publishing.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Prices::Messages>();

namespace eventloom::testing {

const std::vector<TopicEngine>& topic_engines()
{
    static const std::vector<TopicEngine> engines{
        {"leveldb", [] { return leveldb_engine(LevelDbStoreOptions{}); }},
        {"memory", [] { return memory_engine(); }},
    };
    return engines;
}

std::uint64_t bytes_beneath(const std::string& directory)
{
    std::uint64_t bytes = 0;
    std::error_code gone;
    for (auto at = std::filesystem::recursive_directory_iterator{directory, gone};
         not gone && at != std::filesystem::end(at); at.increment(gone)) {
        std::error_code none;
        const auto size = at->is_regular_file(none) ? at->file_size(none) : 0;
        if (not none) bytes += size;
    }
    return bytes;
}

} // namespace eventloom::testing
