// A JSON value: what commands show, and what a program sends or is sent. Members of an object keep their order.
//
//     el::Json order{{"order", "1042"}, {"pieces", 6}, {"total", nullptr}};
//     order["lines"] = el::Json::array();
//     order["lines"].push_back({{"sku", "85123A"}, {"pieces", 6}});
//     order.dump();                            // {"order":"1042","pieces":6,"total":null,"lines":[{...}]}
//     for (const auto& [name, value] : order.items()) ...
//     for (const el::Json& line : order["lines"].elements()) ...
//
// Braces make an object when each of them holds a text and a value, else an array; `array()` and `object()` say which. Bytes
// that are no UTF-8 are written as U+FFFD. All code is compiled once: the header costs little. Threads: a value, no sharing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

class JsonItems;

class Json {
public:
    Json(std::nullptr_t = nullptr) noexcept;
    Json(const char* text);
    Json(std::string_view text);
    Json(std::string text);
    Json(std::vector<Json> elements);
    Json(std::initializer_list<Json> elements);

    template <class Number>
        requires std::is_arithmetic_v<Number> Json(Number number)
    noexcept : Json{}
    {
        if constexpr (std::is_same_v<Number, bool>) {
            set_boolean(number);
        } else if constexpr (std::is_floating_point_v<Number>) {
            set_number(number);
        } else if constexpr (std::is_signed_v<Number>) {
            number < 0 ? set_negative(number) : set_whole(static_cast<std::uint64_t>(number));
        } else {
            set_whole(number);
        }
    }

    // Null when there is none.
    template <class Value>
    Json(const std::optional<Value>& value) : Json{}
    {
        if (value) *this = Json(*value);
    }

    template <class Value>
    Json(const std::vector<Value>& values) : Json(std::vector<Json>(values.begin(), values.end()))
    {
    }

    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    static Json array();
    static Json array(std::initializer_list<Json> elements);
    static Json object();

    // Nothing when the text is no JSON. Of text from outside look at its depth first: values nest as deep as it does.
    static std::optional<Json> parse(std::string_view text);

    bool is_null() const { return kind_ == Kind::null; }
    bool is_boolean() const { return kind_ == Kind::boolean; }
    bool is_text() const { return kind_ == Kind::text; }
    bool is_array() const { return kind_ == Kind::array; }
    bool is_object() const { return kind_ == Kind::object; }
    bool is_whole() const { return kind_ == Kind::whole || kind_ == Kind::negative; }
    bool is_unsigned() const { return kind_ == Kind::whole; }
    bool is_number() const { return is_whole() || kind_ == Kind::number; }

    // What it holds; of another kind false, 0 and "".
    bool boolean() const { return kind_ == Kind::boolean && boolean_; }
    std::int64_t whole() const;           // of numbers alone
    std::uint64_t unsigned_whole() const; // the same, for those above the largest signed one
    double number() const;
    const std::string& text() const;

    // Of an array or an object; 0 of all others.
    std::size_t size() const { return elements().size(); }
    bool empty() const { return elements().empty(); }
    std::span<const Json> elements() const;
    const Json& at(std::size_t place) const; // null when there is none

    // Members with their names; not of a value that is gone when they are looked at.
    JsonItems items() const&;
    JsonItems items() const&& = delete;
    // nullptr when there is none, or this is no object.
    const Json* find(std::string_view name) const;
    Json* find(std::string_view name);
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    // Null when there is none.
    const Json& operator[](std::string_view name) const;
    const Json& operator[](const char* name) const { return (*this)[std::string_view{name}]; }
    // Made when there is none; a null value becomes an object.
    Json& operator[](std::string_view name);
    Json& operator[](const char* name) { return (*this)[std::string_view{name}]; }

    // A null value becomes an array. Gives the new element.
    Json& push_back(Json element);
    // Takes over all members of another object.
    void update(const Json& object);
    void erase(std::string_view name);
    void reverse();

    // On one line; with `indent`, a member a line and so many blanks before it.
    std::string dump(int indent = -1) const;
    // On one line, what is not ASCII as \u escapes. All texts are UTF-8: others throw.
    std::string dump_ascii() const;

    // Numbers are equal when their values are, members in any order.
    friend bool operator==(const Json& one, const Json& other);

private:
    enum class Kind : std::uint8_t { null, boolean, negative, whole, number, text, array, object };
    struct Children;
    struct Style;

    void set_boolean(bool value) noexcept;
    void set_negative(std::int64_t value) noexcept;
    void set_whole(std::uint64_t value) noexcept;
    void set_number(double value) noexcept;
    std::span<const std::string> names() const;
    void write(std::string& text, const Style& style, std::size_t depth) const;

    Kind kind_ = Kind::null;
    union {
        bool boolean_;
        std::int64_t negative_;
        std::uint64_t whole_ = 0;
        double number_;
    };
    std::string text_;
    std::unique_ptr<Children> children_; // of an array or an object
};

// The members of an object one after the other, each with its name.
class JsonItems {
public:
    struct Item {
        const std::string& name;
        const Json& value;
    };
    struct Iterator {
        const std::string* name;
        const Json* value;
        Item operator*() const { return {*name, *value}; }
        Iterator& operator++()
        {
            ++name;
            ++value;
            return *this;
        }
        bool operator==(const Iterator& other) const { return value == other.value; }
    };

    JsonItems(std::span<const std::string> names, const Json* values) : names_{names}, values_{values} {}
    Iterator begin() const { return {names_.data(), values_}; }
    Iterator end() const { return {names_.data() + names_.size(), values_ + names_.size()}; }

private:
    std::span<const std::string> names_;
    const Json* values_;
};

} // namespace eventloom
