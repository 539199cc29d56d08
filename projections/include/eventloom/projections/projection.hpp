// Defines projections: for each event, what it changes in the rows of a read model.
//
//     el::Projected<OrderId, OrderSummary> order_summaries()
//     {
//         return el::projection<OrderId, OrderSummary>("order-summaries", 1,
//             el::index("customer", [](const OrderSummary& row) { return row.customer; }),
//             [](OrderSummary& row, const Placed& event) { row = {event.customer, event.total, "placed"}; },
//             [](OrderSummary& row, const Paid&, const el::RecordedEvent& where) { row.paid_at = where.recorded_at; },
//             [](OrderSummary&, const Cancelled&)        { return el::drop_row; });
//     }
//
// The event that a handler hears is read off its second parameter. A handler of one row gets the row of the event's own
// member of the key's type, or else of the stream it was recorded in; the row is made when it is not there. A handler of
// many rows takes the whole table: `[](el::table<Sku, Sales>& sales, const Placed& event)`. The aggregates whose events are
// heard are said with el::from<Order, Return>(); when the key is an id of an aggregate, that is the one.
// Handlers may answer nothing, el::drop_row, or a result<void>; they get no clock and no randomness, so that a rebuild gives
// the same bytes. Raise the version whenever a handler changes: the read model is then built anew.
// Needs cereal: include it in sources. Threads: handlers may be called from several threads, for different rebuilds.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/ensure.hpp>
#include <eventloom/projections/projected.hpp>
#include <eventloom/projections/projection_parts.hpp>
#include <eventloom/projections/row_keys.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <unordered_map>

namespace eventloom {

namespace detail {

// ---- running the handlers

template <class Key, class Row>
struct Heard;

// The definition with its types: what it is made of.
template <class Key, class Row>
struct Definition {
    using IndexKey = std::function<std::string(const Row&)>;

    std::string name;
    std::uint32_t version = 1;
    std::vector<std::string> categories;
    std::vector<std::string> types;
    std::vector<std::string> index_names;
    std::vector<IndexKey> index_keys;
    std::vector<Heard<Key, Row>> heard;

    std::vector<std::string> index_entries(const std::string& ordered_key, const Row& row) const
    {
        std::vector<std::string> entries;
        for (std::size_t i = 0; i < index_keys.size(); ++i) {
            entries.push_back(row_keys::of_index_entry(index_names[i], index_keys[i](row), ordered_key));
        }
        return entries;
    }
};

template <class Key, class Row>
class TypedFold final : public Fold, public table<Key, Row> {
public:
    TypedFold(std::shared_ptr<const Definition<Key, Row>> definition, FindRow find)
        : definition_{std::move(definition)}, find_{std::move(find)}
    {
    }

    result<void> apply(const RecordedEvent& event) override
    {
        for (const auto& heard : definition_->heard) {
            if (heard.type->name != event.type || heard.category != category_of(event.stream)) continue;
            auto handled = heard.handle(*this, *heard.type, event);
            if (not handled) return at_event(std::move(handled.error()), event);
            if (error_) return at_event(*error_, event);
        }
        return done();
    }

    std::int64_t flush(Batch& batch) override
    {
        std::int64_t more_rows = 0;
        for (const std::string& key : changed_) {
            Slot& slot   = slots_.at(key);
            slot.changed = false;
            replace_entries(slot, key, batch);
            if (slot.row) {
                std::string bytes;
                codec<StoredRow<Key, Row>>::encode({slot.key, *slot.row}, bytes);
                batch.put(row_keys::of_row(key), bytes);
            } else {
                batch.remove(row_keys::of_row(key));
            }
            more_rows += static_cast<std::int64_t>(slot.row.has_value()) - static_cast<std::int64_t>(slot.stored);
            slot.stored = slot.row.has_value();
        }
        changed_.clear();
        return more_rows;
    }

    std::size_t rows_cached() const override { return slots_.size(); }

    Row& update(const Key& key) override
    {
        Slot& slot = loaded(key);
        if (not slot.row) slot.row.emplace();
        return *slot.row;
    }

    const Row* find(const Key& key) override
    {
        const Slot& slot = slots_.at(load(key));
        return slot.row ? &*slot.row : nullptr;
    }

    void erase(const Key& key) override { loaded(key).row.reset(); }

private:
    struct Slot {
        Key key;
        std::optional<Row> row;
        std::vector<std::string> stored_entries; // the index entries that stand in the database
        bool stored  = false;                    // the row stands in the database
        bool changed = false;
    };

    void replace_entries(Slot& slot, const std::string& key, Batch& batch) const
    {
        std::vector<std::string> entries;
        if (slot.row) entries = definition_->index_entries(key, *slot.row);
        if (entries == slot.stored_entries) return;
        for (const auto& entry : slot.stored_entries) batch.remove(entry);
        for (const auto& entry : entries) batch.put(entry, key);
        slot.stored_entries = std::move(entries);
    }

    Slot& loaded(const Key& key)
    {
        const std::string& ordered = load(key);
        Slot& slot                 = slots_.at(ordered);
        if (not slot.changed) changed_.push_back(ordered);
        slot.changed = true;
        return slot;
    }

    // Brings the row of `key` into memory; gives its ordered key.
    const std::string& load(const Key& key)
    {
        const auto [place, fresh] = slots_.try_emplace(ordered_key(key));
        if (not fresh) return place->first;
        Slot& slot  = place->second;
        slot.key    = key;
        auto stored = find_(place->first);
        if (not stored) {
            error_ = std::move(stored.error());
        } else if (stored.value()) {
            auto row = codec<StoredRow<Key, Row>>::decode(*stored.value());
            if (not row) {
                error_ = std::move(row.error());
            } else {
                slot.row            = std::move(row.value().row);
                slot.stored         = true;
                slot.stored_entries = definition_->index_entries(place->first, *slot.row);
            }
        }
        return place->first;
    }

    std::shared_ptr<const Definition<Key, Row>> definition_;
    FindRow find_;
    std::unordered_map<std::string, Slot> slots_;
    std::vector<std::string> changed_; // in the order of first change
    std::optional<Error> error_;       // of a row that could not be read
};

template <class Key, class Row>
struct Heard {
    std::string category;
    const EventType* type;
    std::function<result<void>(TypedFold<Key, Row>&, const EventType&, const RecordedEvent&)> handle;
};

// Calls a handler with what it asks for, and does what it answers.
template <class Key, class Row, class Handler>
result<void> call_handler(const Handler& handler, TypedFold<Key, Row>& fold, const EventType& type,
                          const RecordedEvent& event)
{
    using Fact = heard_by<Handler>;
    Fact fact{};
    BOOST_OUTCOME_TRY(type.decode(event.schema_version, event.data, &fact));
    const auto call = [&](auto& target) -> decltype(auto) {
        if constexpr (std::tuple_size_v<arguments_of<Handler>> == 3) {
            return handler(target, fact, event);
        } else {
            return handler(target, fact);
        }
    };
    if constexpr (std::is_same_v<touched_by<Handler>, Row&>) {
        const Key key = key_for<Key>(fact, event);
        Row& row      = fold.update(key);
        using Answer  = decltype(call(row));
        if constexpr (std::is_void_v<Answer>) {
            call(row);
        } else if constexpr (std::is_same_v<Answer, drop_row_t>) {
            call(row);
            fold.erase(key);
        } else {
            return call(row);
        }
    } else {
        table<Key, Row>& rows = fold;
        if constexpr (std::is_void_v<decltype(call(rows))>) {
            call(rows);
        } else {
            return call(rows);
        }
    }
    return done();
}

template <class Key, class Row>
class TypedProjection final : public Projection {
public:
    explicit TypedProjection(std::shared_ptr<const Definition<Key, Row>> definition)
        : definition_{std::move(definition)}
    {
    }

    const std::string& name() const override { return definition_->name; }
    std::uint32_t version() const override { return definition_->version; }
    const std::vector<std::string>& categories() const override { return definition_->categories; }
    const std::vector<std::string>& types() const override { return definition_->types; }
    const std::vector<std::string>& indexes() const override { return definition_->index_names; }

    std::unique_ptr<Fold> fold(FindRow find) const override
    {
        return std::make_unique<TypedFold<Key, Row>>(definition_, std::move(find));
    }

    std::string row_to_json(std::string_view stored) const override
    {
        const auto row = codec<StoredRow<Key, Row>>::decode(stored);
        return row ? codec<StoredRow<Key, Row>>::to_json(row.value()) : "\"(a row that cannot be read)\"";
    }

private:
    std::shared_ptr<const Definition<Key, Row>> definition_;
};

template <class Sources, class Key, class Row, class Part>
void add_part(Definition<Key, Row>& definition, Part part)
{
    if constexpr (is_index<Part>) {
        definition.index_names.push_back(part.name);
        definition.index_keys.push_back([of = part.of](const Row& row) { return ordered_key(of(row)); });
    } else if constexpr (is_handler<Part>) {
        using Fact       = heard_by<Part>;
        using State      = typename owner<Fact, Sources>::type;
        const auto& type = event_type<State, Fact>();
        definition.types.emplace_back(type.name);
        if (std::find(definition.categories.begin(), definition.categories.end(), State::category) ==
            definition.categories.end()) {
            definition.categories.emplace_back(State::category);
        }
        definition.heard.push_back({std::string{State::category}, &type,
                                    [part](TypedFold<Key, Row>& fold, const EventType& of, const RecordedEvent& event) {
                                        return call_handler<Key, Row>(part, fold, of, event);
                                    }});
    }
}

template <class Part>
auto heard_events()
{
    if constexpr (is_handler<Part>) {
        return std::type_identity<std::tuple<heard_by<Part>>>{};
    } else {
        return std::type_identity<std::tuple<>>{};
    }
}

} // namespace detail

// Defines a projection. `name` names its directory and what people call it: letters, digits and hyphens.
template <class Key, class Row, class... Part>
Projected<Key, Row> projection(std::string name, std::uint32_t version, Part... part)
{
    using Sources               = typename detail::sources<Key, Part...>::type;
    constexpr bool handlers_fit = (detail::checked_part<Part, Key, Row, Sources>() && ...);
    if constexpr (handlers_fit) {
        using Events = decltype(std::tuple_cat(typename decltype(detail::heard_events<Part>())::type{}...));
        constexpr bool heard_once = []<class... Fact>(std::type_identity<std::tuple<Fact...>>) {
            return detail::all_different<Fact...>();
        }(std::type_identity<Events>{});
        static_assert(heard_once, "two handlers of one projection hear the same event");

        auto definition     = std::make_shared<detail::Definition<Key, Row>>();
        definition->name    = std::move(name);
        definition->version = version;
        ensure(row_keys::is_projection_name(definition->name), "a projection's name is letters, digits and hyphens");
        ensure(version > 0, "a projection's version counts from 1");
        (detail::add_part<Sources>(*definition, std::move(part)), ...);
        return {std::make_shared<const detail::TypedProjection<Key, Row>>(std::move(definition)),
                &codec<StoredRow<Key, Row>>::decode};
    }
}

} // namespace eventloom
