//! What exporters call the columns of chat tables, and the values in them, in seven languages. Names are compared without
//! case, accents, blanks and signs.

use crate::mapping::{Role, RowKind};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Id,
    Conversation,
    Time,
    Clock,
    Sender,
    Agent,
    SenderName,
    Recipient,
    Text,
    Role,
    Kind,
    Subject,
    Labels,
}

const NAMES: [(Part, &str); 13] = [
    (
        Part::Id,
        "messageid msgid messageuuid uuid id nachrichtid nachrichtennummer idmessage idmensaje idmessaggio messagenumber",
    ),
    (
        Part::Conversation,
        "conversation conversationid conversationuuid chat chatid thread threadid ticket ticketid session sessionid case \
         caseid dialog dialogid room roomid gespraech gespraechid unterhaltung vorgang konversation conversacion \
         idconversacion conversazione conversa idconversa discussion gesprek gesprekid idconversation ticketnumber",
    ),
    (
        Part::Time,
        "time timestamp date datetime sentat sent senton created createdat createdon messagecreatedat sendtime timesent \
         sentdatetime sentdate messagetime messagedate datum zeit zeitpunkt gesendetam zeitstempel dateenvoi horodatage fecha \
         fechahora fechaenvio data dataora datahora tijd tijdstip verzondenop messagetimestamp datecreated createddate ts \
         timestampms timestampunix unixtimestamp unixtime epoch epochtime timeunix createdtime creationtime messagets",
    ),
    (Part::Clock, "time clock timeofday uhrzeit zeit heure hora ora orario tijd"),
    (
        Part::Sender,
        "sender from author authoremail senderemail fromemail email emailaddress mail user useremail userid authorid senderid \
         visitoremail customeremail messageauthoremail messageauthorid absender verfasser von expediteur auteur remitente autor \
         mittente autore afzender handle username de visitorid customerid fromid contactemail visitor customer client",
    ),
    (
        Part::Agent,
        "agent agentid agentemail operator operatorid operatoremail agentname operatorname mitarbeiter conseiller agente \
         operador operatore medewerker",
    ),
    (
        Part::SenderName,
        "sendername authorname fromname name displayname nickname nick fullname visitorname customername username \
         messageauthorname nom nombre nome naam absendername",
    ),
    (Part::Recipient, "recipient to receiver recipientemail toemail empfaenger an destinataire destinatario ontvanger"),
    (
        Part::Text,
        "text message body content messagetext messagebody messagecontent bodytext comment words utterance nachricht \
         nachrichtentext inhalt contenu texte mensaje texto contenido mensagem conteudo messaggio testo bericht tekst plainbody \
         commentbody textbody htmlbody bodyhtml",
    ),
    (
        Part::Role,
        "role authortype sendertype messageauthortype usertype participanttype direction rolle rol ruolo papel sender from \
         authorrole senderrole fromtype isagent fromagent isoperator isstaff type author side",
    ),
    (
        Part::Kind,
        "type kind messagetype event eventtype parttype private isprivate internal isinternal public ispublic visibility art \
         isnote note",
    ),
    (Part::Subject, "subject betreff topic title objet asunto oggetto assunto onderwerp thema"),
    (
        Part::Labels,
        "tags labels tag label etiketten schlagworte etiquettes etiquetas etichette conversationtags categories",
    ),
];

/// In the names of columns that say how long something took.
const DURATIONS: [&str; 12] = [
    "duration",
    "wait",
    "response",
    "resolution",
    "handl",
    "elapsed",
    "length",
    "dauer",
    "duree",
    "duracion",
    "durata",
    "duur",
];

const INBOUND: &str = "visitor customer user client guest lead contact enduser requester besucher kunde kundin gast visiteur \
                       cliente visitante klant bezoeker inbound incoming in received customers prospect shopper consumer \
                       anfragender eingehend entrant entrante recibido";

const OUTBOUND: &str = "agent operator admin support staff employee bot automation mitarbeiter berater conseiller agente operador \
                        operatore medewerker teammate assistant outbound outgoing out sent chatbot representative rep \
                        supporter helpdesk us ausgehend sortant saliente enviado";

const NEITHER: &str = "system event info systeme sistema systeem log";

const MESSAGES: &str =
    "message messages msg text comment reply conversationmessage chat nachricht mensaje messaggio public";

const NOTES: &str =
    "note notes internal internalnote privatenote private notiz note_internal nota comment_internal internalcomment";

/// Does the name say that the column is for this? The place in the list: earlier names say it more clearly.
pub(super) fn rank(part: Part, name: &str) -> Option<usize> {
    let folded = fold(name);
    let names = NAMES.iter().find(|(known, _)| *known == part).map_or("", |(_, names)| names);
    names.split_whitespace().position(|known| known == folded)
}

/// Does the name of a column say that its cells are no times of day, however much they look like it?
pub(super) fn is_duration(name: &str) -> bool {
    let folded = fold(name);
    DURATIONS.iter().any(|word| folded.contains(word))
}

/// What a value of a role column means, if the word has one meaning.
pub(super) fn role(value: &str) -> Option<Role> {
    let folded = fold(value);
    let has = |words: &str| words.split_whitespace().any(|word| word == folded);
    if has(INBOUND) {
        Some(Role::Inbound)
    } else if has(OUTBOUND) {
        Some(Role::Outbound)
    } else {
        has(NEITHER).then_some(Role::Skip)
    }
}

/// Likewise where the column's name asks a question and the value is yes or no: `is_agent`.
pub(super) fn role_by_question(column: &str, value: &str) -> Option<Role> {
    let side = match fold(column).as_str() {
        "isagent" | "fromagent" | "isoperator" | "isstaff" => Role::Outbound,
        "isvisitor" | "fromvisitor" | "iscustomer" | "fromcustomer" => Role::Inbound,
        _ => return None,
    };
    let other = if side == Role::Outbound { Role::Inbound } else { Role::Outbound };
    answer(value).map(|is_so| if is_so { side } else { other })
}

/// What a value of a kind column means, if the word has one meaning.
pub(super) fn kind(column: &str, value: &str) -> Option<RowKind> {
    let is_note = match fold(column).as_str() {
        "private" | "isprivate" | "internal" | "isinternal" | "isnote" | "note" => answer(value),
        "public" | "ispublic" => answer(value).map(|is_public| !is_public),
        _ => None,
    };
    if let Some(is_note) = is_note {
        return Some(if is_note { RowKind::Note } else { RowKind::Message });
    }
    let folded = fold(value);
    let has = |words: &str| words.split_whitespace().any(|word| fold(word) == folded);
    if has(NOTES) { Some(RowKind::Note) } else { has(MESSAGES).then_some(RowKind::Message) }
}

fn answer(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "t" | "y" => Some(true),
        "false" | "no" | "0" | "f" | "n" => Some(false),
        _ => None,
    }
}

/// Small letters and digits, without accents.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::new();
    for letter in name.chars().take(80).flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'í' | 'ì' | 'î' | 'ï' => folded.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' => folded.push('o'),
            'ú' | 'ù' | 'û' => folded.push('u'),
            'ç' => folded.push('c'),
            'ñ' => folded.push('n'),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ => {}
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_several_languages_however_they_are_written() {
        for (part, name) in [
            (Part::Conversation, "Gespräch"),
            (Part::Conversation, "conversation_id"),
            (Part::Time, "TIME_SENT"),
            (Part::Sender, "Expéditeur"),
            (Part::Text, "Message Body"),
            (Part::Role, "author_type"),
            (Part::Labels, "Étiquettes"),
        ] {
            assert!(rank(part, name).is_some(), "{name}");
        }
        assert!(rank(Part::Text, "text") < rank(Part::Text, "nachricht"));
        assert_eq!(rank(Part::Text, "context"), None);
    }

    #[test]
    fn a_word_has_one_meaning_or_none() {
        assert_eq!(role("Visitor"), Some(Role::Inbound));
        assert_eq!(role("End-User"), Some(Role::Inbound));
        assert_eq!(role("bot"), Some(Role::Outbound));
        assert_eq!(role("SYSTEM"), Some(Role::Skip));
        assert_eq!(role("nell"), None);
        assert_eq!(role_by_question("is_agent", "TRUE"), Some(Role::Outbound));
        assert_eq!(role_by_question("is_agent", "0"), Some(Role::Inbound));
        assert_eq!(role_by_question("is_open", "0"), None);
        assert_eq!(kind("message_type", "note"), Some(RowKind::Note));
        assert_eq!(kind("private", "true"), Some(RowKind::Note));
        assert_eq!(kind("is_public", "true"), Some(RowKind::Message));
        assert_eq!(kind("message_type", "assignment"), None);
        let words: Vec<&str> = [INBOUND, OUTBOUND, NEITHER].iter().flat_map(|words| words.split_whitespace()).collect();
        let distinct: std::collections::BTreeSet<&&str> = words.iter().collect();
        assert_eq!(words.len(), distinct.len());
    }
}
