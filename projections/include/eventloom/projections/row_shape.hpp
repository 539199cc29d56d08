// How a key and a row are stored, as a text: two programs whose rows have the same one can read each other's.
//
//     row_shape_of<StoredRow<OrderId, OrderRow>>();   // "{key:text,row:{customer:text,total:{cents:s8},placed_at:time ...}}"
//
// Nothing for a type that writes itself with a `serialize` of its own: what that writes cannot be seen from here. docs/format.md,
// "Shapes", says which text stands for what. Needs cereal: include projection.hpp instead. Threads: pure functions.
#pragma once

#include <eventloom/framework/binary_values.hpp>

#include <optional>
#include <string>

namespace eventloom::detail {

template <class T>
concept has_elements = requires(const T& all)
{
    typename T::value_type;
    all.begin();
    all.end();
};
template <class T>
concept counts_time = requires
{
    typename T::period;
    typename T::rep;
};

template <class T>
inline constexpr bool is_stored_variant = false;
template <class... Held>
inline constexpr bool is_stored_variant<std::variant<Held...>> = true;

class RowShape {
public:
    template <class T>
    void add()
    {
        if (++depth_ > deepest) {
            is_known_ = false; // a type that holds itself
        } else {
            add_type<T>();
        }
        --depth_;
    }

    std::optional<std::string> text() const { return is_known_ ? std::optional{text_} : std::nullopt; }

private:
    static constexpr int deepest = 12;

    template <class T>
    void add_type()
    {
        if constexpr (std::is_same_v<T, bool>) {
            text_ += "yes";
        } else if constexpr (std::is_enum_v<T>) {
            add<std::underlying_type_t<T>>();
        } else if constexpr (std::is_floating_point_v<T>) {
            add_number('f', sizeof(T));
        } else if constexpr (std::is_integral_v<T>) {
            add_number(std::is_signed_v<T> ? 's' : 'u', sizeof(T));
        } else if constexpr (std::is_same_v<T, std::string> || is_id<T>) {
            text_ += "text";
        } else if constexpr (counts_time<T>) {
            text_ += requires
            {
                typename T::clock;
            }
            ? "time" : "span";
            text_ += "/" + std::to_string(T::period::num) + "/" + std::to_string(T::period::den) + ":";
            add<typename T::rep>();
        } else {
            add_made_of_others<T>();
        }
    }

    template <class T>
    void add_made_of_others()
    {
        if constexpr (is_personal<T>) {
            add_parts('!', std::type_identity<std::tuple<typename T::value_type>>{});
        } else if constexpr (requires(const T& maybe) { maybe.has_value(); }) {
            add_parts('?', std::type_identity<std::tuple<typename T::value_type>>{});
        } else if constexpr (is_stored_variant<T>) {
            add_parts('|', variant_parts(std::type_identity<T>{}));
        } else if constexpr (requires { std::tuple_size<T>::value; }) {
            add_parts('+', tuple_parts<T>(std::make_index_sequence<std::tuple_size_v<T>>{}));
        } else if constexpr (has_elements<T>) {
            add_parts('*', std::type_identity<std::tuple<typename T::value_type>>{});
        } else if constexpr (plain_bytes<T>) {
            add_members<T>();
        } else {
            is_known_ = false;
        }
    }

    template <class... Held>
    static auto variant_parts(std::type_identity<std::variant<Held...>>)
    {
        return std::type_identity<std::tuple<Held...>>{};
    }
    template <class T, std::size_t... Index>
    static auto tuple_parts(std::index_sequence<Index...>)
    {
        return std::type_identity<std::tuple<std::tuple_element_t<Index, T>...>>{};
    }

    void add_number(char kind, std::size_t bytes) { text_.append(1, kind).append(std::to_string(bytes)); }

    template <class... Part>
    void add_parts(char kind, std::type_identity<std::tuple<Part...>>)
    {
        text_.append(1, kind).append("(");
        ((add<std::remove_cv_t<Part>>(), text_ += ','), ...);
        text_.back() = ')';
    }

    template <class T>
    void add_members()
    {
        text_ += "{";
        [&]<std::size_t... Index>(std::index_sequence<Index...>)
        {
            with_members(T{}, [&]<class... Member>(const Member&...) {
                ((text_.append(member_name<T, Index>()) += ':', add<Member>(), text_ += ','), ...);
            });
        }
        (std::make_index_sequence<member_count<T>>{});
        if (text_.back() == ',') text_.pop_back();
        text_ += "}";
    }

    std::string text_;
    int depth_     = 0;
    bool is_known_ = true;
};

template <class Stored>
std::optional<std::string> row_shape_of()
{
    RowShape shape;
    shape.add<Stored>();
    return shape.text();
}

} // namespace eventloom::detail
