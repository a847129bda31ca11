// Every text that users read, in German. Readers are addressed with "Sie"; one word for one thing:
// Anmeldung (sign-in), Registrierung (sign-up), Ausweisfoto (the picture of the document), Lichtbild (the
// portrait in it), Gesichtsdaten (face template), Einwilligung, Bestätigungscode, Passwort.

import type { Chain, Factor, OutputProblem, Reason, Trouble } from '../client';
import { FACTORS } from '../client/names';
import { type PolicyFlaw, shortened } from '../client/policy';
import type { CameraTrouble } from '../page/cameraTrouble';
import type { Advice } from '../vision/guidance';
import type { Text } from './en';

const advice: Record<Advice, string> = {
  look: 'Schauen Sie in die Kamera.',
  'one-person': 'Bitte nur eine Person.',
  closer: 'Kommen Sie näher.',
  further: 'Gehen Sie etwas zurück.',
  light: 'Mehr Licht, bitte.',
  straight: 'Schauen Sie geradeaus.',
  still: 'Halten Sie still.',
  ready: 'Genau richtig.',
};

const reasons: Record<Reason, string> = {
  NO_FACE: 'Auf dem Bild ist kein Gesicht zu erkennen. Schauen Sie in die Kamera und versuchen Sie es erneut.',
  MANY_FACES: 'Auf dem Bild war mehr als ein Gesicht. Nur Sie dürfen darauf zu sehen sein.',
  TOO_SMALL: 'Ihr Gesicht war auf dem Bild zu klein. Kommen Sie näher.',
  TOO_DARK: 'Das Bild war zu dunkel oder zu hell. Drehen Sie sich zum Licht.',
  BLURRED: 'Das Bild war unscharf. Halten Sie still. Passiert es wieder, reinigen Sie die Linse.',
  TURNED_AWAY: 'Ihr Gesicht war zur Seite gedreht. Schauen Sie direkt in die Kamera.',
  OCCLUDED: 'Ihr Gesicht war teilweise verdeckt. Nehmen Sie Maske oder Sonnenbrille ab.',
  NOT_AN_IMAGE: 'Diese Datei lässt sich nicht als Bild lesen. Wählen Sie ein JPEG oder PNG.',
  NOT_A_CODE: 'Das ist kein Code. Geben Sie die sechs Ziffern aus der E-Mail ein.',
  NOT_FACE_DATA: 'Ihr Gesicht konnte nicht vermessen werden. Versuchen Sie es erneut.',
  NOT_OFFERED: 'Diese Art der Anmeldung ist gerade nicht möglich. Wählen Sie eine andere.',
  TOO_LARGE: 'Das Bild ist zu groß. Wählen Sie ein kleineres.',
  PENDING: 'Ihr Bild wird noch geprüft.',
  NO_MATCH: 'Ihr Gesicht wurde nicht erkannt. Versuchen Sie es bei besserem Licht erneut und schauen Sie geradeaus.',
  TRY_LATER:
    'Das ist im Moment nicht möglich. Versuchen Sie es später erneut. Bleibt das Problem bestehen, holen Sie sich Hilfe.',
  LOCKED: 'Zu viele Fehlversuche. Melden Sie sich auf andere Weise an.',
  SUPERSEDED: 'Der Vorgang wurde in einem anderen Fenster fortgesetzt. Beginnen Sie hier von vorn.',
  ENROLMENT_NEEDS_RESET: 'Legen Sie per E-Mail ein neues Passwort fest und machen Sie dann in diesem Fenster weiter.',
  CONSENT_NEEDED: 'Noch wurde nichts geprüft. Lesen Sie zuerst den Text und willigen Sie ein.',
  EXPIRED: 'Das hat zu lange gedauert. Versuchen Sie es erneut.',
  NOT_A_NONCE: 'Etwas Unerwartetes ist passiert. Beginnen Sie von vorn.',
  TOO_MANY_PICTURES: 'Es waren zu viele Bilder. Beginnen Sie von vorn.',
};

const documentReasons: Text['documentReasons'] = {
  NO_FACE:
    'Es ist kein Lichtbild zu erkennen. Legen Sie die Seite mit dem Lichtbild flach hin und vermeiden Sie Spiegelungen.',
  MANY_FACES: 'Auf dem Bild ist mehr als ein Gesicht. Nur der Ausweis darf darauf zu sehen sein.',
  TOO_SMALL: 'Das Lichtbild ist zu klein. Gehen Sie mit der Kamera näher heran.',
  BLURRED: 'Das Bild ist unscharf. Legen Sie den Ausweis hin und halten Sie die Kamera ruhig.',
  TURNED_AWAY:
    'Das Lichtbild ist gedreht oder zeigt das Gesicht von der Seite. Drehen Sie den Ausweis und versuchen Sie es erneut.',
  OCCLUDED: 'Das Lichtbild ist teilweise verdeckt. Achten Sie auf Finger und Spiegelungen.',
  NO_MATCH: 'Dieses Ausweisfoto kann nicht verwendet werden. Beginnen Sie von vorn.',
};

const codeReasons: Text['codeReasons'] = {
  NO_MATCH: 'Dieser Code stimmt nicht. Geben Sie den aus der neuesten E-Mail ein.',
  EXPIRED: 'Der Code war zu alt. Ein neuer ist zu Ihnen unterwegs.',
  TRY_LATER:
    'Der letzte Code konnte nicht verschickt werden. Wir haben es gerade noch einmal versucht. Kommt innerhalb einer Minute nichts an, versuchen Sie es später.',
};

const troubles: Record<Trouble, string> = {
  offline: 'Sie sind offline. Stellen Sie eine Verbindung her und versuchen Sie es dann erneut.',
  unreachable: 'Der Dienst ist nicht erreichbar. Versuchen Sie es gleich noch einmal.',
  unavailable: 'Der Dienst antwortet gerade nicht. Versuchen Sie es gleich noch einmal.',
  'session-over': 'Das hat zu lange gedauert, deshalb beginnen wir von vorn. Ihre Eingaben bleiben erhalten.',
  refused: 'Diese Anmeldung ist beendet. Sie können eine neue beginnen.',
  'wrong-password': 'Die E-Mail-Adresse oder das Passwort ist falsch.',
  'account-exists':
    'Zu dieser Adresse gibt es schon ein Konto. Melden Sie sich an oder schließen Sie die begonnene Registrierung ab.',
  'not-confirmed': 'Diese Adresse wurde nie bestätigt. Schließen Sie die begonnene Registrierung ab.',
  'wrong-code': 'Dieser Code ist falsch. Verwenden Sie den Code aus der neuesten E-Mail.',
  'expired-code': 'Dieser Code ist abgelaufen. Lassen Sie sich einen neuen schicken.',
  'too-often': 'Zu viele Versuche. Warten Sie ein paar Minuten und versuchen Sie es dann erneut.',
  'weak-password': 'Wählen Sie ein längeres Passwort: mindestens 12 Zeichen.',
  'not-accepted': 'Das wurde nicht angenommen. Prüfen Sie Ihre Eingaben.',
  'not-ready':
    'Dieses Konto ist noch nicht eingerichtet. Wenden Sie sich an die Person, die Sie eingeladen hat.',
  'reset-required':
    'Dieses Konto braucht zuerst ein neues Passwort. Lassen Sie sich dafür einen Code schicken.',
  'not-in-this-tab':
    'Ihre Registrierung ist in diesem Fenster abgelaufen. Schließen Sie sie mit einem Code per E-Mail ab.',
  superseded: 'Der Vorgang wurde in einem anderen Fenster fortgesetzt, deshalb beginnen wir hier von vorn.',
  'too-many-pictures': 'Es waren zu viele Bilder, deshalb beginnen wir hier von vorn.',
  insecure:
    'Diese Seite braucht https. Ohne https gibt ihr der Browser weder die Kamera noch die Kryptografie, die Ihre Anmeldung schützt.',
  'storage-full':
    'Der Browser hat keinen Platz mehr für Ihre Anmeldung. Löschen Sie die Daten anderer Websites und versuchen Sie es dann erneut.',
  'upload-failed':
    'Das Bild konnte nicht hochgeladen werden. Versuchen Sie es erneut oder mit einem kleineren Bild. Bleibt das Problem bestehen, holen Sie sich Hilfe.',
  protocol: 'Etwas Unerwartetes ist passiert. Versuchen Sie es erneut.',
};

const cameraTroubles: Record<CameraTrouble, string> = {
  denied:
    'Der Zugriff auf die Kamera wurde verweigert. Erlauben Sie ihn in der Adressleiste des Browsers und versuchen Sie es dann erneut.',
  missing: 'Es wurde keine Kamera gefunden. Schließen Sie eine an und versuchen Sie es dann erneut.',
  busy: 'Ein anderes Programm verwendet die Kamera. Beenden Sie es und versuchen Sie es dann erneut.',
  lost: 'Die Kamera wurde getrennt. Schließen Sie sie wieder an und versuchen Sie es dann erneut.',
  failed: 'Die Kamera startet nicht. Versuchen Sie es erneut.',
  insecure: 'Die Kamera funktioniert nur auf einer Seite, die über https geladen wurde.',
  unsupported:
    'Dieser Browser gibt Webseiten keinen Zugriff auf Kameras. Verwenden Sie einen anderen Browser oder eine Bilddatei.',
};

/** After "Mit", in the dative. */
const shows: Record<Factor, string> = {
  FACE: 'Ihrem Gesicht',
  FACE_DATA: 'Gesichtsdaten von diesem Gerät',
  EMAIL_CODE: 'einem Code per E\u2011Mail',
};

const passed: Record<Factor | 'PASSWORD' | 'ENROL', string> = {
  PASSWORD: 'Passwort',
  ENROL: 'Ausweisfoto',
  FACE: 'Gesicht',
  FACE_DATA: 'Gesichtsdaten',
  EMAIL_CODE: 'Code per E\u2011Mail',
};

const terms: Text['consent']['terms'] = {
  FACE: {
    where: 'Bei der Anmeldung mit Ihrem Gesicht',
    what: 'Ein Bild Ihres Ausweises und Bilder Ihres Gesichts.',
    why: 'Für Ihre Anmeldung und für nichts anderes. Ein Bild wird mit Ihrem hinterlegten Gesicht verglichen. Kein Mensch sieht es sich an.',
    howLong:
      'Ein Bild wird gelöscht, sobald es verglichen ist. Das dauert Sekunden. Brechen Sie vorher ab, wird es innerhalb weniger Tage gelöscht. Eine mathematische Beschreibung Ihres Gesichts bleibt gespeichert, bis Ihr Konto gelöscht wird. Von jedem akzeptierten Bild bleibt 400 Tage lang eine Prüfsumme gespeichert, damit es kein zweites Mal akzeptiert wird. Aus der Prüfsumme kann niemand das Bild wiederherstellen.',
    howLongKept:
      'Das Bild Ihres Ausweises und eine mathematische Beschreibung Ihres Gesichts bleiben gespeichert, bis Ihr Konto gelöscht wird. Ein Bild von Ihnen wird gelöscht, sobald es verglichen ist. Das dauert Sekunden. Von jedem akzeptierten Bild bleibt 400 Tage lang eine Prüfsumme gespeichert, damit es kein zweites Mal akzeptiert wird. Aus der Prüfsumme kann niemand das Bild wiederherstellen.',
    who: 'Der Betreiber dieses Dienstes und in seinem Auftrag Amazon Web Services (Amazon Cognito, Amazon Rekognition).',
  },
  FACE_DATA: {
    where: 'Bei der Anmeldung mit Gesichtsdaten von diesem Gerät',
    what: 'Zahlen, die Ihr Gesicht beschreiben. Sie werden auf diesem Gerät berechnet. Kein Bild verlässt das Gerät.',
    why: 'Für Ihre Anmeldung und für nichts anderes.',
    howLong:
      'Die Zahlen bleiben gespeichert, bis Ihr Konto gelöscht wird, bei einer nicht abgeschlossenen Registrierung 30 Tage lang. Von jedem akzeptierten Datensatz bleibt 400 Tage lang eine Prüfsumme gespeichert, damit er kein zweites Mal akzeptiert wird.',
    who: 'Der Betreiber dieses Dienstes und in seinem Auftrag Amazon Web Services (Amazon Cognito, Amazon DynamoDB).',
    notice: {
      'descriptor-128':
        'Die Zahlen werden auf Ihrem Gerät berechnet. Wer sie dort stiehlt, kann sich damit anmelden.',
      'mesh-468':
        'Die Form eines Gesichts unterscheidet Menschen etwa so gut wie ein Münzwurf (Gleichfehlerrate 43 bis 50 %). Sie ist ein bequemer Zusatz zu Ihrem Passwort, kein Schutz.',
    },
  },
  EMAIL_CODE: null,
};

const and = new Intl.ListFormat('de');

const quoted = (text: string): string => `„${shortened(text)}“`;

function flawOf(flaw: PolicyFlaw): string {
  switch (flaw.is) {
    case 'too-long':
      return `es sind ${flaw.found} Zeichen, höchstens ${flaw.most} sind erlaubt`;
    case 'too-many-chains':
      return `es sind ${flaw.found} Ketten, höchstens ${flaw.most} sind erlaubt`;
    case 'password-not-first':
      return `in ${quoted(flaw.chain)} muss PASSWORD am Anfang stehen, danach ${FACTORS.join(' oder ')}`;
    case 'unknown-step':
      return `in ${quoted(flaw.chain)} ist ${quoted(flaw.step)} keiner der Schritte ${FACTORS.join(', ')}`;
    case 'repeated-step':
      return `in ${quoted(flaw.chain)} kommt ${flaw.step} zweimal vor`;
  }
}

function problemOf(problem: OutputProblem): string {
  switch (problem.is) {
    case 'no-object':
      return 'erwartet werden die Ausgaben des Stacks als ein JSON-Objekt';
    case 'missing':
      return `${problem.output} fehlt`;
    case 'no-text':
      return `${problem.output} ist kein Text`;
    case 'unknown':
      return `${problem.output} ist ${quoted(problem.value)}, möglich sind ${problem.known.join(', ')}`;
    case 'no-policy':
      return `${problem.output} ist ${quoted(problem.value)}, erwartet werden eine Kette von Schritten oder mehrere mit Kommas dazwischen, etwa FACE oder FACE,PASSWORD+FACE_DATA (${flawOf(problem.flaw)})`;
  }
}

export const de: Text = {
  language: 'Deutsch',
  product: 'Gesichtsanmeldung',
  description: 'Mit dem Gesicht bei einem Benutzerpool von Amazon Cognito anmelden',
  noScript: 'Diese Seite braucht JavaScript: Ihr Gesicht wird zuerst auf Ihrem eigenen Gerät ausgewertet.',
  advice,
  reasons,
  documentReasons,
  codeReasons,
  troubles,
  cameraTroubles,
  attemptsLeft: (left) => (left === 1 ? 'Sie haben noch einen Versuch.' : `Sie haben noch ${left} Versuche.`),
  waitFor: (seconds) =>
    seconds < 60
      ? `Der nächste Versuch ist in ${seconds} s möglich.`
      : `Der nächste Versuch ist in ${Math.ceil(seconds / 60)} min möglich.`,
  waitDue: {
    open: 'Zu viele Fehlversuche. Warten Sie einen Moment und versuchen Sie es dann erneut.',
    password:
      'Es gab zu viele Fehlversuche, oder das Passwort wurde gerade in einem anderen Fenster festgelegt. Machen Sie dort weiter oder warten Sie.',
  },
  waitOver: 'Sie können es jetzt erneut versuchen.',
  invalid: {
    missing: 'Füllen Sie dieses Feld aus.',
    choice: 'Wählen Sie eine der Möglichkeiten.',
    email: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel ada@example.com.',
    code: 'Geben Sie die sechs Ziffern des Codes ein.',
    short: 'Geben Sie mindestens 12 Zeichen ein.',
    consent: 'Setzen Sie hier ein Häkchen, um fortzufahren.',
  },
  busy: {
    sending: 'Wird gesendet …',
    upload: 'Bild wird hochgeladen …',
    looking: 'Wird geprüft …',
    waiting: 'Wird noch geprüft …',
    beginning: 'Einen Moment …',
    loading: 'Kamera wird vorbereitet …',
  },
  signIn: {
    title: 'Anmelden',
    lead: 'Ihre Adresse und ein Blick in die Kamera.',
    leadWithoutFace: 'Dafür brauchen Sie keine Kamera.',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    go: 'Weiter',
    forgot: 'Passwort vergessen?',
    unfinished: 'Eingeladen oder Registrierung nicht abgeschlossen?',
    create: 'Konto erstellen',
  },
  signUp: {
    title: 'Konto erstellen',
    lead: 'Sie brauchen einen Ausweis mit Lichtbild, eine Kamera und zwei Minuten Zeit.',
    leadData: 'Sie brauchen eine Kamera und eine Minute Zeit.',
    leadEither:
      'Sie brauchen eine Kamera und zwei Minuten Zeit. Für die Anmeldung mit einem Bild Ihres Gesichts brauchen Sie auch einen Ausweis mit Lichtbild.',
    leadChoice: 'Sie können sich mit Ihrem Gesicht anmelden oder ohne.',
    leadWithoutFace: 'Sie brauchen Zugriff auf Ihr Postfach und eine Minute Zeit.',
    name: 'Name',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    passwordHint: 'Mindestens 12 Zeichen.',
    withFace: 'Mit meinem Gesicht',
    withoutFace: 'Ohne mein Gesicht',
    consentTitle: 'Ihr Gesicht und was damit geschieht',
    consent: 'Ich willige ein, dass mein Gesicht wie oben beschrieben für meine Anmeldung verwendet wird.',
    go: 'Weiter',
    have: 'Ich habe schon ein Konto',
  },
  choose: {
    legend: 'Wie möchten Sie sich anmelden?',
    title: 'Zuerst eine Frage',
    lead: 'So können Sie sich jetzt anmelden.',
    enrolLead: 'Ist Ihr Gesicht noch nicht hinterlegt, wird es als Nächstes erfasst, für die Art der Anmeldung, die Sie wählen.',
    enrolEitherLead: 'Wählen Sie eine Anmeldung mit Ihrem Gesicht, und ist es noch nicht hinterlegt, wird es als Nächstes erfasst.',
    way: ({ password, factors }: Chain): string => {
      const shown = factors.map((factor) => shows[factor]);
      return `Mit ${and.format(password ? ['Ihrem Passwort', ...shown] : shown)}`;
    },
    go: 'Weiter',
  },
  agree: {
    title: 'Bevor Ihr Gesicht erfasst wird',
    lead: 'Lesen Sie, was damit geschieht. Wenn Sie fortfahren möchten, willigen Sie ein.',
    other: (asked, here) =>
      `Hier können Sie gerade nicht fortfahren: Diese Seite hat Version ${here} des Einwilligungstexts, der Dienst verlangt Version ${asked}. Versuchen Sie es erneut, sobald die Seite aktualisiert wurde.`,
  },
  consent: {
    versionIs: (version) => `Version ${version} dieses Texts.`,
    other: (asked, here) =>
      `Hier kann gerade kein Konto erstellt werden: Diese Seite hat Version ${here} des Einwilligungstexts, der Dienst verlangt Version ${asked}.`,
    what: 'Was erfasst wird',
    why: 'Wofür',
    howLong: 'Wie lange',
    who: 'Wer die Daten verarbeitet',
    erase: 'Wie Sie Ihre Daten löschen lassen',
    terms,
    how: 'Schreiben Sie an den Betreiber dieses Dienstes. Sie können Ihre Einwilligung jederzeit widerrufen. Danach können Sie sich nicht mehr mit dem Gesicht anmelden.',
  },
  code: {
    title: 'Prüfen Sie Ihr Postfach',
    lead: (email) => `Wir haben einen Bestätigungscode an ${email} geschickt.`,
    label: 'Bestätigungscode',
    go: 'Bestätigen',
    again: 'Code erneut anfordern',
    sent: 'Ein neuer Code ist unterwegs.',
    proof: 'Noch ein Code',
    proofLead: (email) =>
      `Damit wir sicher sind, dass Sie es sind, haben wir einen weiteren Code an ${email} geschickt.`,
    local: 'Auf diesem Rechner werden keine E-Mails verschickt. Dieser Befehl zeigt den Code:',
  },
  finish: {
    title: 'Registrierung abschließen',
    lead: 'Wir schicken einen Code an Ihre Adresse. Geben Sie ihn hier in diesem Fenster ein, um fortzufahren.',
    email: 'E-Mail-Adresse',
    go: 'Code senden',
    back: 'Zurück zur Anmeldung',
  },
  forgot: {
    title: 'Neues Passwort festlegen',
    lead: 'Wir schicken einen Code an Ihre Adresse.',
    password: 'Neues Passwort',
    go: 'Passwort festlegen',
  },
  document: {
    title: 'Ihr Ausweisfoto',
    lead: 'Ein Foto der Seite mit Ihrem Lichtbild: Reisepass, Personalausweis oder Führerschein. Das Lichtbild wird mit Ihrem Gesicht verglichen.',
    drop: 'Bild hierher ziehen oder',
    choose: 'Bild auswählen',
    camera: 'Kamera verwenden',
    take: 'Foto aufnehmen',
    preview: 'Das aufgenommene oder ausgewählte Ausweisfoto',
    send: 'Dieses Bild verwenden',
    other: 'Anderes Bild verwenden',
  },
  live: {
    title: 'Schauen Sie in die Kamera',
    lead: 'Wählen Sie „Foto aufnehmen“.',
    enrolLead: 'Nehmen Sie jetzt ein Foto Ihres Gesichts auf. Es wird mit Ihrem Ausweisfoto verglichen.',
    dataLead: 'Ihr Gesicht wird auf diesem Gerät vermessen. Kein Bild verlässt das Gerät.',
    take: 'Foto aufnehmen',
    takeData: 'Gesicht vermessen',
    retry: 'Kamera neu starten',
    automatic: 'Automatisch auslösen, wenn ich stillhalte',
    file: 'Stattdessen ein Bild verwenden',
    which: 'Kamera',
    pick: 'Kamera auswählen',
    unnamed: (number) => `Kamera ${number}`,
    noMesh: 'Dieser Browser zeigt das Gesichtsnetz nicht an. Sie können das Foto trotzdem aufnehmen.',
    video: 'Ihr Kamerabild, gespiegelt',
    back: 'Abbrechen',
    noFaceInData: 'Es konnte kein Gesicht vermessen werden. Schauen Sie direkt in die Kamera.',
    second: 'Noch einmal, für die Anmeldung.',
  },
  mailed: {
    title: 'Code aus der E-Mail eingeben',
    ended: 'Diese Anmeldung ist beendet',
    lead: (email) =>
      `Ein Code aus sechs Ziffern ist unterwegs an ${email}. Er gilt fünf Minuten lang und nur für diese Anmeldung.`,
    none: 'Im Moment gibt es keinen Code.',
    wait: 'Zu viele Codes wurden angefordert, zu viele Versuche sind gescheitert, oder das Passwort wurde gerade in einem anderen Fenster festgelegt.',
    again: 'Neuen Code anfordern',
    go: 'Anmelden',
  },
  signedIn: {
    title: (name) => `Guten Tag, ${name}`,
    lead: 'Sie sind angemeldet.',
    email: 'E-Mail-Adresse',
    steps: 'Angemeldet mit',
    step: passed,
    list: (steps) => and.format(steps),
    enrolledData: 'Ersterfassung',
    until: 'Angemeldet bis',
    out: 'Abmelden',
    left: 'Sie sind abgemeldet.',
  },
  locked: {
    title: 'Zu viele Fehlversuche',
    open:
      'Die Anmeldung ohne Passwort ist gesperrt. Lassen Sie sich einen Code schicken. Damit können Sie sich in diesem Fenster wieder anmelden.',
    openOrPassword:
      'Die Anmeldung ohne Passwort ist gesperrt. Melden Sie sich mit Ihrem Passwort an oder lassen Sie sich einen Code schicken.',
    password:
      'Die Anmeldung mit diesem Passwort ist gesperrt. Legen Sie per E-Mail ein neues fest und melden Sie sich damit an. Ein neues Passwort hebt die Sperre höchstens einmal am Tag auf.',
    byMail:
      'Diese Art der Anmeldung ist gesperrt. Melden Sie sich ohne Passwort an oder lassen Sie sich einen neuen Code schicken. Ein neuer Code hebt die Sperre höchstens einmal am Tag auf.',
  },
  needsReset: {
    title: 'Zuerst ein Code per E-Mail',
    password:
      'In diesem Fenster kann Ihr Gesicht noch nicht erfasst werden. Legen Sie per E-Mail ein neues Passwort fest und machen Sie dann hier weiter.',
    byMail:
      'In diesem Fenster kann Ihr Gesicht noch nicht erfasst werden. Lassen Sie sich einen Code schicken und machen Sie dann hier weiter.',
  },
  ways: {
    mail: 'Code senden',
    open: 'Ohne Passwort anmelden',
    password: 'Mit dem Passwort anmelden',
  },
  insecure: {
    title: 'Diese Seite braucht https',
    lead: 'Browser geben nur sicheren Seiten Zugriff auf die Kamera und auf die Kryptografie, die eine Anmeldung schützt. Öffnen Sie diese Seite unter einer Adresse, die mit https beginnt.',
  },
  notKept:
    'In diesem Browser kann diese Seite nichts speichern. Bleiben Sie in diesem Fenster, bis Sie fertig sind. Wenn Sie die Seite neu laden, sind Sie abgemeldet. Eine begonnene Registrierung schließen Sie dann mit einem Code per E-Mail ab.',
  setup: {
    title: 'Diese Seite ist nicht konfiguriert',
    wrong: (problems) =>
      `Die Datei config.json neben dieser Seite enthält nicht die Ausgaben eines Stacks: ${problems.map(problemOf).join('; ')}.`,
    none: 'Neben dieser Seite liegt keine Datei config.json, oder sie ist kein JSON. Legen Sie dort eine mit den Ausgaben Ihres Stacks ab.',
  },
  crashed: {
    title: 'Auf dieser Seite ist etwas schiefgegangen',
    lead: 'Laden Sie sie neu, um dort weiterzumachen, wo Sie waren.',
  },
};
