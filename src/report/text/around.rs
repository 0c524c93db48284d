//! What is done around an import: before it by `prepare`, after it by `finish`.

use crate::plan::Overview;
use crate::words::{count, counted};

/// What is made before the import.
pub(in crate::report) fn preparing(plan: &Overview) -> Option<String> {
    let prepare = plan.prepare;
    let people = (prepare.people > 0).then(|| match prepare.people {
        1 => "the contact of 1 person".to_owned(),
        people => format!("the contacts of {} people", count(people)),
    });
    let made: Vec<String> =
        people.into_iter().chain((prepare.tags > 0).then(|| counted(prepare.tags, "tag"))).collect();
    (!made.is_empty()).then(|| {
        let requests = counted(prepare.requests, "request");
        format!(
            "before the import, by `prepare`: {}, as far as Front lacks them; {requests} at most",
            made.join(" and ")
        )
    })
}

/// What is done after the import, and who may hear of it.
pub(in crate::report) fn finishing(plan: &Overview) -> Option<String> {
    let finish = plan.finish;
    let conversations =
        |number: u64, what: &str| (number > 0).then(|| format!("{} {what}", counted(number, "conversation")));
    let steps: Vec<String> = [
        (finish.comments > 0).then(|| format!("{} as comments", counted(finish.comments, "note"))),
        (finish.links > 0).then(|| counted(finish.links, "link")),
        conversations(finish.tagged, "tagged"),
        conversations(finish.archived, "archived or opened, as they were sent otherwise"),
        conversations(finish.statuses, "given a ticket status"),
        conversations(finish.custom_fields, "given custom fields"),
        conversations(finish.followed, "FOLLOWED by teammates, who hear of all that happens there from then on"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!steps.is_empty()).then(|| {
        let requests = counted(finish.requests, "request");
        format!(
            "after the import, by `finish`, as far as not done yet: {}; {requests} at most. Front's rules may run on these steps",
            steps.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::preparing;
    use crate::plan::{Overview, Preparing};

    #[test]
    fn whose_contacts_and_which_tags_are_told_with_what_they_cost() {
        let words = |people, tags, requests| {
            preparing(&Overview { prepare: Preparing { people, tags, requests }, ..Overview::default() })
        };
        let both = "before the import, by `prepare`: the contacts of 1,200 people and 3 tags, as far as Front lacks them; 2,403 requests at most";
        assert_eq!(words(1_200, 3, 2_403).as_deref(), Some(both));
        let one =
            "before the import, by `prepare`: the contact of 1 person, as far as Front lacks them; 2 requests at most";
        assert_eq!(words(1, 0, 2).as_deref(), Some(one));
        assert_eq!(words(0, 0, 0), None);
    }
}
