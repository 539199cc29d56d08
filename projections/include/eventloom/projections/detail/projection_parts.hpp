// The parts that el::projection takes, and the rows that its handlers see.
//
//     el::projection<OrderId, Row>("orders", 1, el::from<Order, Return>(), el::index("customer", &Row::customer), handlers...);
//     el::projection("sales", 2, el::from<Order>(), el::keep_table<Country, CountrySales>("by-country"),
//                    el::keep_table<Sku, ArticleSales>("by-article", el::index("turnover", turnover_of)), handlers...);
//
// Include projection.hpp instead. Threads: compile-time only.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/key_part.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eventloom {

struct drop_row_t {};
// A handler returns this to remove its row.
inline constexpr drop_row_t drop_row{};

template <class Of>
struct index_part {
    std::string name;
    Of of;
    bool unique = false;
};

// The value of an index over members of a row: the one member, or a tuple of several.
template <class Row, class... Member>
struct members_of_row {
    std::tuple<Member Row::*...> members;

    auto operator()(const Row& row) const
    {
        return std::apply(
            [&](auto... member) {
                if constexpr (sizeof...(Member) == 1) {
                    return ((row.*member), ...);
                } else {
                    return std::tuple<Member...>{row.*member...};
                }
            },
            members);
    }
};

// An index over members of a row, `el::index("customer", &OrderRow::customer, &OrderRow::placed_at)`: texts, numbers, money
// and times, in their natural order. `query --where` uses it for its columns.
template <class Row, class... Member>
    requires(sizeof...(Member) > 0 && (std::is_object_v<Member> && ...))
index_part<members_of_row<Row, Member...>> index(std::string name, Member Row::*... member)
{
    return {std::move(name), {{member...}}, false};
}

// An index over a value that `of` makes from a row: one value, or a tuple of several. `query --where` uses it by its name.
template <class Of>
    requires(not std::is_member_object_pointer_v<Of>)
index_part<Of> index(std::string name, Of of)
{
    return {std::move(name), std::move(of), false};
}

// An index in which no two rows may have the same value: an event that would cause this is an error of the projection. An
// empty std::optional is no value, and many rows may have none.
template <class Row, class... Member>
    requires(sizeof...(Member) > 0 && (std::is_object_v<Member> && ...))
index_part<members_of_row<Row, Member...>> unique_index(std::string name, Member Row::*... member)
{
    return {std::move(name), {{member...}}, true};
}
template <class Of>
    requires(not std::is_member_object_pointer_v<Of>)
index_part<Of> unique_index(std::string name, Of of)
{
    return {std::move(name), std::move(of), true};
}

template <class Key, class Row, class... Of>
struct table_part {
    std::string name;
    std::tuple<index_part<Of>...> indexes;
};

// One of several tables. `name` is part of the keys of its rows: letters, digits and hyphens.
template <class Key, class Row, class... Of>
table_part<Key, Row, Of...> keep_table(std::string name, index_part<Of>... indexes)
{
    return {std::move(name), {std::move(indexes)...}};
}

// Which row a handler of that event gets, when neither its only member of the key's type nor its stream says it: a member,
// `el::keyed_by(&Placed::country)`, or a function, `el::keyed_by([](const Placed& event) { return event.country; })` (framework/key_part.hpp).
template <class Event, class Member>
    requires(std::is_object_v<Member>)
key_part<members_of_row<Event, Member>> keyed_by(Member Event::*member)
{
    return {{{member}}};
}
namespace detail {

class RowTable;

// definition.hpp
void* update_row(RowTable& table, std::string ordered_key, const void* key);
const void* find_row(RowTable& table, std::string ordered_key, const void* key);
void erase_row(RowTable& table, std::string ordered_key, const void* key);

} // namespace detail

// The rows of a read model, for handlers that change several of them.
template <class Key, class Row>
class Rows {
public:
    explicit Rows(detail::RowTable& rows) : rows_{&rows} {}

    // The row, made when it is not there. It lives until the handler returns.
    Row& update(const Key& key) { return *static_cast<Row*>(detail::update_row(*rows_, ordered_key(key), &key)); }
    // The row; nullptr when it is not there.
    const Row* find(const Key& key)
    {
        return static_cast<const Row*>(detail::find_row(*rows_, ordered_key(key), &key));
    }
    void erase(const Key& key) { detail::erase_row(*rows_, ordered_key(key), &key); }

private:
    detail::RowTable* rows_;
};

} // namespace eventloom
