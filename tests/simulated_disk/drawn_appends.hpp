// Appends of every kind, drawn from a seed: right and wrong expectations, several streams, conditions, commands, the same
// again, what only looks like the same, and what is asked of streams.
//
//     DrawnAppends appends{drawn, runtime.ids};
//     const auto request = appends.next(model);
//
// Threads: one.
#pragma once

#include "simulated_disk/drawn.hpp"
#include "simulated_disk/store_model.hpp"

namespace eventloom::testing {

class DrawnAppends {
public:
    enum class StreamsAre : std::uint8_t { kept_for_ever, limited };

    DrawnAppends(Drawn& drawn, IdSource& ids, std::size_t data_bytes_max = 200,
                 StreamsAre streams_are = StreamsAre::kept_for_ever)
        : drawn_{drawn}, ids_{ids}, data_bytes_max_{data_bytes_max}, streams_are_{streams_are}
    {
    }

    AppendRequest next(const StoreModel& model);
    // A reading of any scope and direction.
    ReadRequest next_reading(const StoreModel& model);

private:
    NewEvent event();
    std::string stream();
    std::string tag() { return "tag:" + std::to_string(drawn_.below(4)); }
    std::string type() { return "type-" + std::to_string(drawn_.below(4)); }
    EventQuery query();
    ExpectedVersion expectation(std::uint64_t length);
    StreamAppend stream_append(const StoreModel& model, const std::string& stream);
    AppendRequest fresh(const StoreModel& model);
    AppendRequest asking(const StoreModel& model);
    AppendRequest almost_known();

    Drawn& drawn_;
    IdSource& ids_;
    const std::size_t data_bytes_max_;
    const StreamsAre streams_are_;
    std::vector<AppendRequest> sent_;
};

} // namespace eventloom::testing
