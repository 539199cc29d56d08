#include <eventloom/framework/event_forms.hpp>

#include <eventloom/framework/detail/inline_rows.hpp>

#include <fmt/core.h>

#include <charconv>
#include <map>

namespace eventloom {

namespace {

// Key: this, then category, type and schema version, each ended by a zero byte, which none of them holds. The name is one that no
// projection can have. docs/format.md, "Forms of events".
const std::string prefix{"$event-forms\0\1", 14};

std::string part_of_key(std::string_view category, std::string_view type)
{
    std::string key{category};
    key.push_back('\0');
    key.append(type).push_back('\0');
    return key;
}

std::string key_of(std::string_view category, std::string_view type, std::uint32_t schema_version)
{
    return prefix + part_of_key(category, type) + std::to_string(schema_version);
}

// Nothing when the key is not one of ours.
std::optional<EventForm> form_in(std::string_view key, std::string_view members)
{
    key.remove_prefix(prefix.size());
    const auto category_end = key.find('\0');
    const auto type_end     = key.find('\0', category_end + 1);
    if (type_end == std::string_view::npos) return std::nullopt;
    EventForm form{std::string{key.substr(0, category_end)},
                   std::string{key.substr(category_end + 1, type_end - category_end - 1)}, 0, std::string{members}};
    const auto version      = key.substr(type_end + 1);
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), form.schema_version);
    return error == std::errc{} && end == version.data() + version.size() ? std::optional{std::move(form)}
                                                                          : std::nullopt;
}

const EventType* find_type(const EventTypes& types, std::string_view name)
{
    for (const auto& type : types) {
        if (type.name == name) return &type;
    }
    return nullptr;
}

const Shape* shape_of(const EventType& type, std::uint32_t schema_version)
{
    return schema_version >= 1 && schema_version <= type.shapes.size() ? type.shapes[schema_version - 1] : nullptr;
}

// How a program would misread a form: nothing when one of its lists has it as it is, or does not know it.
std::optional<std::string> misreading_of(const EventForm& form, const std::vector<EventList>& known)
{
    std::optional<std::string> other;
    for (const auto& list : known) {
        if (list.category != form.category) continue;
        const auto* type  = find_type(list.types(), form.type);
        const auto* shape = type == nullptr ? nullptr : shape_of(*type, form.schema_version);
        if (shape == nullptr) continue; // newer than the program: said when one is read
        if (shape->text.empty() || shape->text == form.members) return std::nullopt;
        other = fmt::format("\"{}\" in its schema version {}: {}", form.type, form.schema_version,
                            difference_of_shapes(form.members, shape->text));
    }
    return other;
}

// What the program's aggregates write.
std::vector<EventForm> forms_of(const std::vector<EventList>& known)
{
    std::vector<EventForm> forms;
    for (const auto& list : known) {
        if (list.of_a_context) continue;
        for (const auto& type : list.types()) {
            for (std::uint32_t version = 1; version <= type.shapes.size(); ++version) {
                const Shape* const shape = shape_of(type, version);
                if (shape->text.empty()) continue;
                forms.push_back({std::string{list.category}, std::string{type.name}, version, shape->text});
            }
        }
    }
    return forms;
}

// How a context of tags would misread a form that another category has: when none of the forms of this name and version is its own.
std::optional<std::string> misreading_by_context(const EventType& type, std::uint32_t schema_version,
                                                 const std::vector<EventForm>& forms)
{
    const Shape* const shape = shape_of(type, schema_version);
    std::optional<std::string> other;
    for (const EventForm& form : forms) {
        if (form.type != type.name || form.schema_version != schema_version) continue;
        if (shape->text.empty() || shape->text == form.members) return std::nullopt;
        other = fmt::format("\"{}\" in its schema version {}, which a decision context lists: {}", form.type,
                            schema_version, difference_of_shapes(form.members, shape->text));
    }
    return other;
}

result<void> check_forms(const std::vector<EventForm>& forms, const std::vector<EventList>& known)
{
    std::string misread;
    const auto add = [&](const std::optional<std::string>& other) {
        if (other) misread += (misread.empty() ? "" : "; ") + *other;
    };
    for (const EventForm& form : forms) add(misreading_of(form, known));
    auto all = forms_of(known);
    all.insert(all.end(), forms.begin(), forms.end());
    for (const auto& list : known) {
        if (not list.of_a_context) continue;
        for (const auto& type : list.types()) {
            for (std::uint32_t version = 1; version <= type.shapes.size(); ++version) {
                add(misreading_by_context(type, version, all));
            }
        }
    }
    if (misread.empty()) return done();
    return fail(
        Failure::invalid, "other-event-form",
        "opened an event store and found events with other members than this program would read: " + misread +
            "; run the program that wrote them, or keep the earlier struct, give the changed one the next schema "
            "version, and write an upcast between them");
}

// Puts a form beside the first event that has it.
class FormsKept final : public InlineFold {
public:
    FormsKept(const std::vector<EventForm>& forms, const std::vector<EventList>& known)
    {
        for (const auto& list : known) {
            for (const auto& type : list.types()) add(list.category, type);
        }
        for (const EventForm& form : forms) {
            const auto missing = missing_.find(part_of_key(form.category, form.type));
            if (missing == missing_.end()) continue;
            missing->second.erase(form.schema_version);
            if (missing->second.empty()) missing_.erase(missing);
        }
    }

    result<void> fold(std::span<const RecordedEvent> events, const FindStored&, RowBatch& changes) override
    {
        if (missing_.empty()) return done();
        // An append that was folded and not written: its position has come again.
        std::erase_if(folded_, [&](const Folded& earlier) { return earlier.position >= events.front().position; });
        for (const RecordedEvent& event : events) {
            const auto category = category_of(event.stream);
            key_.assign(category).push_back('\0');
            key_.append(event.type).push_back('\0');
            const auto missing = missing_.find(key_);
            if (missing == missing_.end()) continue;
            for (const auto& [version, members] : missing->second) {
                changes.put(key_of(category, event.type, version), members);
            }
            folded_.push_back({event.position, key_});
        }
        return done();
    }

    void written(Position position) override
    {
        std::erase_if(folded_, [&](const Folded& folded) {
            if (folded.position > position) return false;
            missing_.erase(folded.key);
            return true;
        });
    }

private:
    struct Folded {
        Position position = 0;
        std::string key;
    };

    void add(std::string_view category, const EventType& type)
    {
        auto& versions = missing_[part_of_key(category, type.name)];
        for (std::uint32_t version = 1; version <= type.schema_version; ++version) {
            const auto& members = shape_of(type, version)->text;
            if (members.empty()) continue;
            const auto [known, is_new] = versions.try_emplace(version, members);
            if (not is_new && known->second != members) known->second.clear(); // two lists that do not agree
        }
        std::erase_if(versions, [](const auto& form) { return form.second.empty(); });
        if (versions.empty()) missing_.erase(part_of_key(category, type.name));
    }

    // By category and type, what the store does not keep yet: members by schema version.
    std::map<std::string, std::map<std::uint32_t, std::string>> missing_;
    std::vector<Folded> folded_; // not written yet
    std::string key_;            // for its memory
};

} // namespace

result<std::vector<EventForm>> event_forms_in(const EventStore& store)
{
    std::vector<EventForm> forms;
    const auto rows = store.inline_rows();
    if (not rows) return forms;
    auto last = prefix;
    ++last.back();
    const auto view   = rows->view();
    const auto cursor = view->scan({prefix, last});
    for (; cursor->valid(); cursor->next()) {
        if (auto form = form_in(cursor->key(), cursor->value())) forms.push_back(std::move(*form));
    }
    BOOST_OUTCOME_TRY(cursor->status());
    return forms;
}

result<void> keep_event_forms(EventStore& store, const std::vector<EventList>& known)
{
    auto forms = event_forms_in(store);
    // A damaged log opens all the same, and says so itself.
    if (not forms) return forms.error().kind == Failure::corrupt ? result<void>{done()} : std::move(forms.error());
    BOOST_OUTCOME_TRY(check_forms(forms.value(), known));
    const auto rows = store.inline_rows();
    const auto held = store.hold_appends();
    if (rows && held) rows->folds(*held.value()).push_back(std::make_shared<FormsKept>(forms.value(), known));
    return done();
}

} // namespace eventloom
