// Makes the shape of a type out of its members.
//
//     shape_made_of<StoredRow<OrderId, OrderRow>>().text;   // "{key:text,row:{customer:text,total:{cents:s8},placed_at:time ...}}"
//
// A type with a cereal `serialize` of its own has the names that this gives (cereal::make_nvp), and `-` for what has none. Not
// known is what is written by a pair of `save` and `load`, or has a type that none of this fits. Needs cereal: include
// cereal_codec.hpp instead. Threads: pure functions.
#pragma once

#include <eventloom/framework/personal_fields.hpp>
#include <eventloom/framework/shape.hpp>

#include <cereal/cereal.hpp>

#include <algorithm>
#include <typeindex>
#include <vector>

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

class ShapeText;

// Visits what a `serialize` writes, which is called with a value of no meaning.
class ShapeArchive {
public:
    using is_saving  = std::true_type;
    using is_loading = std::false_type;

    explicit ShapeArchive(ShapeText& text) : text_{text} {}

    template <class... Part>
    ShapeArchive& operator()(Part&&... part)
    {
        (visit(part), ...);
        return *this;
    }
    template <class Part>
    ShapeArchive& operator&(Part&& part)
    {
        return (*this)(part);
    }
    template <class Part>
    ShapeArchive& operator<<(Part&& part)
    {
        return (*this)(part);
    }

private:
    template <class T>
    void visit(const T&)
    {
        add_named<T>("-");
    }
    template <class T>
    void visit(const cereal::NameValuePair<T>& pair)
    {
        add_named<std::remove_cvref_t<T>>(pair.name);
    }
    template <class Base>
    void visit(const cereal::base_class<Base>&)
    {
        add_named<Base>("-");
    }
    template <class T>
    void add_named(std::string_view name);

    ShapeText& text_;
};

template <class T>
concept visited_by_shape = requires(T& value, ShapeArchive& archive)
{
    value.serialize(archive);
}
|| requires(T& value, ShapeArchive& archive)
{
    serialize(archive, value);
};

class ShapeText {
public:
    template <class T>
    void add()
    {
        if constexpr (std::is_class_v<T>) {
            // A type that holds itself: how many types further out it began.
            const auto within = std::find(types_.rbegin(), types_.rend(), std::type_index{typeid(T)});
            if (within != types_.rend()) {
                text_ += "^" + std::to_string(within - types_.rbegin() + 1);
                return;
            }
            types_.emplace_back(typeid(T));
            add_type<T>();
            types_.pop_back();
        } else {
            add_type<T>();
        }
    }

    Shape shape() const
    {
        if (not is_known_) return {};
        return {text_, fingerprint_of(text_)};
    }

private:
    friend class ShapeArchive;

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
        } else if constexpr (is_variant_of_parts<T>) {
            add_parts('|', decltype(alternatives_of(std::type_identity<T>{})){});
        } else if constexpr (requires { std::tuple_size<T>::value; }) {
            add_parts('+', decltype(elements_of_tuple<T>(std::make_index_sequence<std::tuple_size_v<T>>{})){});
        } else if constexpr (has_elements<T>) {
            add_parts('*', std::type_identity<std::tuple<typename T::value_type>>{});
        } else if constexpr (plain_bytes<T>) {
            add_members<T>();
        } else if constexpr (visited_by_shape<T> && std::default_initializable<T>) {
            add_what_it_serializes<T>();
        } else {
            is_known_ = false;
        }
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
        [&]<std::size_t... Index, class... Member>(std::index_sequence<Index...>,
                                                   std::type_identity<std::tuple<Member...>>)
        {
            ((text_.append(member_name<T, Index>()) += ':', add<std::remove_cv_t<Member>>(), text_ += ','), ...);
        }
        (std::make_index_sequence<member_count<T>>{}, members_of<T>{});
        close_members();
    }

    template <class T>
    void add_what_it_serializes()
    {
        text_ += "{";
        try {
            T value{};
            ShapeArchive archive{*this};
            if constexpr (requires { value.serialize(archive); }) {
                value.serialize(archive);
            } else {
                serialize(archive, value);
            }
        } catch (...) {
            is_known_ = false;
        }
        close_members();
    }

    void close_members()
    {
        if (text_.back() == ',') text_.pop_back();
        text_ += "}";
    }

    std::string text_;
    std::vector<std::type_index> types_; // that are being described, the outermost first
    bool is_known_ = true;
};

template <class T>
void ShapeArchive::add_named(std::string_view name)
{
    text_.text_.append(name) += ':';
    text_.add<T>();
    text_.text_ += ',';
}

template <class T>
Shape shape_made_of()
{
    ShapeText text;
    text.add<T>();
    return text.shape();
}

} // namespace eventloom::detail
