// Moves running instances of a saga from one version to the next.
//
//     sagas.add(fulfilment_1());
//     sagas.add(fulfilment_2());
//     sagas.add(el::migrates<Fulfilment1, Fulfilment>("fulfilment", 1, 2, [](const Fulfilment1& before) {
//         return Fulfilment{before.order, before.lines, el::Time{}};
//     }));
//     sagas.migrate("fulfilment", "1042", "gift wrapping");          // or: shop sagas migrate fulfilment --yes
//
// Steps are recognised by their names: what was done counts as done. Every step that was done must be in the new version, so that it can
// still be undone; a step whose work may have been asked for must be at the same place there. Include it in sources.
// Threads: values.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/result.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace eventloom {

// How the data of an instance becomes that of another version (migration.hpp).
struct SagaMigration {
    std::string saga;
    std::uint32_t from = 0;
    std::uint32_t to   = 0;
    std::function<result<std::string>(std::string_view bytes)> state;
};

// Defines the move. The function must be pure.
template <class Before, class After, class F>
    requires std::is_convertible_v<std::invoke_result_t<const F&, const Before&>, After>
SagaMigration migrates(std::string_view saga, std::uint32_t from, std::uint32_t to, F state)
{
    return {.saga  = std::string{saga},
            .from  = from,
            .to    = to,
            .state = [state = std::move(state)](std::string_view bytes) -> result<std::string> {
                Before before{};
                BOOST_OUTCOME_TRY(detail::decode_value(detail::description_of<Before>, &before, bytes,
                                                       detail::struct_name<Before>()));
                const After after = state(before);
                std::string encoded;
                detail::encode_value(detail::description_of<After>, &after, encoded, nullptr);
                return encoded;
            }};
}

} // namespace eventloom
