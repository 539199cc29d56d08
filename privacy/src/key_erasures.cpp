// Destroys a subject's key (`store forget`), and readmits one that was forgotten.
#include "personal_keys_core.hpp"

#include <eventloom/framework/utf8.hpp>

namespace eventloom {

result<SubjectStatus> PersonalKeys::forget(const std::string& subject, bool key_is_lost)
{
    if (not is_subject_name(subject)) {
        return fail(
            Failure::invalid, "invalid-subject",
            "asked to forget \"" + printable(subject.substr(0, 80)) +
                "\", which cannot be the name of a subject; give a name of at most 512 bytes of UTF-8 without control "
                "characters");
    }
    Core& core = *core_;
    const std::lock_guard lock{core.working};
    BOOST_OUTCOME_TRY(core.open(key_is_lost));
    BOOST_OUTCOME_TRY(auto known, core.look_up(subject));
    if (not known.has_key() && not known.mark && not key_is_lost) {
        return fail(
            Failure::invalid, "no-such-subject",
            "asked to forget " + printable(subject) + " and found that " + core.directory() +
                " has no key for it; check the name, or use --key-is-lost when the key is lost and the events are "
                "not");
    }
    const auto key = key_records::of_key(subject);
    if (known.has_key() || not known.mark) {
        known.mark = key_records::ErasureMark{known.next_version(), core.runtime.clock.now(), false};
        // So that the table with the key is older than the removal.
        BOOST_OUTCOME_TRY(core.database->write_out());
        Batch batch;
        batch.remove(key);
        batch.put(key_records::of_erasure(subject), known.mark->bytes());
        BOOST_OUTCOME_TRY(core.database->write(batch, Durability::synced));
        known.wrapped.reset();
        known.is_damaged = false;
    }
    core.drop_kept(subject);
    // Also when the mark exists: the process that set it may have crashed before compacting.
    if (not known.mark->is_complete) {
        BOOST_OUTCOME_TRY(core.database->compact(key, key));
    }
    return known.status();
}

result<void> PersonalKeys::finish_forgetting(const std::string& subject)
{
    Core& core = *core_;
    const std::lock_guard lock{core.working};
    BOOST_OUTCOME_TRY(core.open(false));
    BOOST_OUTCOME_TRY(auto known, core.look_up(subject));
    if (not known.mark || known.mark->is_complete) return done();
    known.mark->is_complete = true;
    Batch batch;
    batch.put(key_records::of_erasure(subject), known.mark->bytes());
    return core.database->write(batch, Durability::synced);
}

result<SubjectStatus> PersonalKeys::readmit(const std::string& subject)
{
    Core& core = *core_;
    const std::lock_guard lock{core.working};
    BOOST_OUTCOME_TRY(core.open(false));
    BOOST_OUTCOME_TRY(auto known, core.look_up(subject));
    if (not known.mark || known.has_key()) {
        return fail(Failure::invalid, "subject-not-forgotten",
                    "asked to give " + printable(subject) + " a new key and found that it " +
                        (known.mark ? "has one" : "was never forgotten") + "; nothing to do");
    }
    if (not known.mark->is_complete) {
        return fail(Failure::conflict, "erasure-not-complete",
                    "asked to give " + printable(subject) +
                        " a new key and found its erasure unfinished; run `store forget` "
                        "again first");
    }
    KeyPointer made;
    BOOST_OUTCOME_TRY(known.wrapped, core.make_key(subject, known.next_version(), made));
    Batch batch;
    batch.put(key_records::of_key(subject), known.wrapped->bytes());
    BOOST_OUTCOME_TRY(core.database->write(batch, Durability::synced));
    core.keep(subject, made);
    return known.status();
}

result<std::vector<Erasure>> PersonalKeys::erasures()
{
    std::vector<Erasure> all;
    {
        const std::lock_guard lock{core_->working};
        BOOST_OUTCOME_TRY(const bool is_there, core_->open(false));
        if (not is_there) return all;
    }
    const auto look = [&](const std::string& subject, std::string_view bytes) -> result<void> {
        const auto mark = key_records::ErasureMark::read(bytes);
        if (not mark) return core_->damaged_key(subject, "a damaged mark of its erasure");
        all.push_back({subject, mark->erased_at, mark->is_complete});
        return done();
    };
    BOOST_OUTCOME_TRY(core_->visit(key_records::erasures, look, [](bool) -> result<void> { return done(); }));
    return all;
}

} // namespace eventloom
