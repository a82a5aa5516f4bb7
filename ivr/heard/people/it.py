"""Italian."""

GREETINGS = (
    "buongiorno|buon giorno|buonasera|buona sera|buon pomeriggio|buondì|salve|ciao|pronto|pronti|allora|senta|guardi"
    "|ecco|scusi|mi scusi|scusa"
)
ASSENTS = (
    "sì|ok|okay|va bene|certo|certamente|d'accordo|ehm|eh|ah|mah|beh|boh|dunque|bene|benissimo|perfetto|volentieri"
    "|un attimo|un momento|un secondo|attimo|aspetti|aspetta|ecco|sì certo|come no"
)
REFUSALS = "no|ma no"
POLITE = "grazie|grazie mille|per favore|per cortesia|prego|al telefono|all'apparecchio|appunto|arrivederci"
SURE = "mi chiamo|mio nome è|il mio nome è|nome e cognome|il nome è"
WEAK = "io sono|sono io|sono|sono sempre|qui è|qui|parla|parlate con|sta parlando con|le parla"
PARTNER = "con|parla con|parla lei con|sta parlando con"
TITLES = (
    "il signor|la signora|la signorina|il|la|lo|signor|signore|signora|signorina|ragionier|ragioniere|dottor|dottore"
    "|dottoressa|avvocato|avvocata|ingegner|ingegnere|professor|professore|professoressa|architetto|geometra|sig|sigra"
)
NOT = "non sono|non è|non parla con|non sta parlando con|non|mica"
NOT_ME = "non sono io|persona sbagliata|ha sbagliato persona|avete sbagliato persona|sbagliato persona"
WRONG = (
    "avete sbagliato numero|ha sbagliato numero|hai sbagliato numero|avete sbagliato il numero"
    "|ha sbagliato il numero|numero sbagliato|sbagliato numero|avete il numero sbagliato"
    "|ha il numero sbagliato|sono il nuovo inquilino|sono la nuova inquilina|sono il nuovo proprietario"
    "|sono la nuova proprietaria"
)
NO_LONGER = (
    "questo numero non è più di|questo numero non è di|questo numero non è più della|questo numero non è della"
    "|questo numero non è più del|questo numero non è del|non è più il numero di|non è il numero di"
    "|questo non è più il numero di|questo non è il numero di"
)
BEHALF = (
    "chiamo per conto di|telefono per conto di|per conto di|chiamo da parte di|telefono da parte di|da parte di"
    "|chiamo a nome di|chiamo per conto della|chiamo per conto del|chiamo da parte della|chiamo da parte del"
)
THEIR = "suo sua"
ME = "mi"
NUMBERS = "sessanta settanta ottanta novanta cento duecento trecento mille duemila tremila milione"
WHO = "che"
NEITHER = "nessuno dei due|nessuna delle due|nessuno|nessuna|nessuno dei tre|né|ne|un altro|un'altra|un'altra persona"
ORDINALS = "primo prima|secondo seconda|terzo terza"
SEEKS = (
    "chi è|chi sarebbe|c'è|voglio|vorrei|cerco|cercavo|mi passi|mi passa|passami|mi può passare|parlare con|parlo con"
    "|devo parlare con|chiamo per|telefono per|per conto di|da parte di|per|dov'è"
)
OF = "di del della dello da per"
ABSENT = "non c'è|non ci sono|è fuori|è via|è morto|è morta|è uscito|è uscita|dorme"
RELATIONS = (
    "marito moglie figlio figlia figli mamma madre papà padre babbo fratello sorella nonno nonna nipote zio zia cugino"
    " cugina suocero suocera cognato cognata genero nuora compagno compagna fidanzato fidanzata amico amica vicino"
    " vicina collega badante segretaria segretario assistente convivente coinquilino inquilino genitore genitori"
)
GRAMMAR = (
    "il lo la gli le i un uno una di a da in con su per tra fra del dello della dei degli delle al allo alla ai agli"
    " alle dal dalla dai dalle nel nella nei nelle sul sulla e ed o oppure ma però perché poiché quando se che chi cui"
    " cosa come dove quanto quanta quanti quale quali io tu lui lei noi voi loro me te mi ti ci vi si ne mio mia miei"
    " mie tuo tua suo sua suoi sue nostro nostra vostro vostra vostri questo questa questi queste quello quella quelli"
    " quelle qui qua lì là già ancora sempre mai più meno molto molta molti tanto tanta troppo poco niente nulla non"
    " no né neanche nemmeno anche solo proprio così poi prima dopo ora adesso oggi ieri domani subito stamattina"
    " stasera sono sei è siamo siete era ero erano stato stata sia essere ho hai ha abbiamo avete hanno avevo aveva"
    " avere faccio fa fai fate fanno fare fatto posso può puoi possiamo potete potrei potrebbe devo deve dobbiamo"
    " dovrei voglio vuole vuoi volevo volevamo vorrei vorremmo vado va vanno andare viene vengono venire venuto dico"
    " dice dire detto glielo so sa sapere sento sente sentite sentire capisco capito capire chiamo chiama chiamano"
    " chiamare chiamato chiamata chiami richiamo richiamare telefono telefonare parlo parla parli parlare parlato"
    " passi passa passare passami dica dimmi senti funziona funzionano parte parti arriva arrivato arrivata arrivate"
    " rotto rotta rotti guasto guasta bisogno serve servirebbe cerco cercavo aspetto aspettare aspettando ripeta"
    " ripeti ripetere mande scusi scusa scusate prego grazie aspetti aspetta attimo momento secondo pronto buongiorno"
    " buonasera salve ciao arrivederci sì ok okay bene certo forse magari boh mah beh ehm eh ah uh mhm allora ecco"
    " insomma cioè infatti nessuno nessuna qualcuno qualcosa altro altra altri tutto tutta tutti tutte entrambi ogni"
    " alcuni stesso stessa c'è cos'è com'è dov'è po' sto sta stanno stavo caduta caduto ricevuto ricevuta pagato"
    " pagare mandato mandare comprato ordinato rispondere risponde risposto morto morta rimborso vaffanculo cazzo"
    " merda stronzo stronzi coglione porca puttana fanculo mortacci vergogna prendo prendere metto mettere guardo"
    " guardare vedo vedere visto trovo trovare trovato provo provare prova credo penso spero faccia venga vada vai"
    " vieni dammi lasci lascia lasciate stare fermo basta punto virgola stop test arrivo torno torni abito abita vivo"
    " lavoro lavora chiuso chiusa aperto aperti acceso spento accende spegne perde scatta suona mandano mandi mandate"
    " paga pago cambiato cambiare cambio disdire annullare bloccato attivare finalmente veramente davvero purtroppo"
    " comunque quindi vabbè mannaggia accidenti cavolo oddio guidando palle amore senza sopra sotto contro verso"
    " durante presso fuori rimasto rimasta piove ritardo"
    " spelling chiamatemi chiamami dammelo ditemi mandatemi aspettatemi sentite"
)
MATTERS = (
    "fattura fatture bolletta bollette ordine ordini reclamo reclami assistenza tecnica tecnico tecnici operatore"
    " operatrice consulente lampada forno luce gas acqua caldaia internet linea rete modem router contratto contratti"
    " pratica pratiche pagamento pagamenti consegna consegne pacco spedizione preventivo appuntamento prenotazione"
    " informazione informazioni problema problemi guasti servizio clienti cliente amministrazione ufficio vendite"
    " commerciale fornitura contatore abbonamento conto carta bonifico rata rate scadenza garanzia riparazione"
    " ricambio ricambi lavatrice lavastoviglie frigorifero frigo stufa condizionatore corrente tensione perdita aiuto"
    " urgenza emergenza disdetta recesso sollecito errore sbaglio codice password account preventivi offerta offerte"
    " prezzo prezzi documento documenti modulo banca posta ditta azienda società negozio magazzino segreteria"
    " telefonica messaggio nome cognome numero indirizzo casa macchina auto gatto cane bagno cucina studio farmacia"
    " hotel albergo ristorante condominio scuola ospedale comune notaio palestra officina cantiere impresa agenzia"
    " associazione srl spa snc"
    " richiamatemi richiamami richiami richiama richiamate conosce conoscete conosci poste enel eni iliad"
    " fastweb tiscali amazon inps"
)
COMMON = (
    "disperato disperata arrabbiato arrabbiata contento contenta felice stanco stanca stufo stufa deluso delusa"
    " preoccupato preoccupata interessato interessata sbagliato sbagliata sbagliati urgente nuovo nuova vecchio"
    " vecchia vecchi buono buona bello bella brutto brutta grande piccolo piccola alto basso lungo corto pensionato"
    " pensionata ingegnere dottore avvocato medico insegnante studente studentessa impiegato operaio commerciante"
    " titolare proprietario proprietaria responsabile direttore direttrice italiano italiana straniero straniera"
    " tedesco tedesca francese inglese spagnolo spagnola americano americana rumeno rumena albanese milano roma napoli"
    " torino firenze bologna genova palermo bari venezia verona padova trieste bolzano trento catania perugia modena"
    " parma brescia bergamo italia germania francia spagna inghilterra svizzera austria europa lunedì martedì"
    " mercoledì giovedì venerdì sabato domenica gennaio febbraio marzo aprile maggio giugno luglio agosto settembre"
    " ottobre novembre dicembre primo prima terzo terza due tre quattro cinque silenzio musica signore signora uomo"
    " donna ragazzo ragazza bambino bambina persona gente famiglia mattina sera notte giorno settimana mese anno ora"
    " minuto minuti scemo cretino idiota deficiente bastardo ladri ladro stupido vero vera giusto esatto corretto"
    " libero occupato malato malata ammalato vivo solo sola fuori dentro sicuro sicura anonimo pizza idea cieco cieca"
    " sordo sorda incinta invalido invalida postino idraulico elettricista sky wind"
)
AGAIN = (
    "come|come scusi|come ha detto|come dice|come prego|cosa|cosa ha detto|che cosa|che|eh|prego|scusi|mi scusi|scusa"
    "|scusi come|non ho capito|non ho sentito|non sento|non la sento|non capisco|ripeta|può ripetere"
    "|può ripetere per favore|ripeta per favore|mi sente|mi sentite|pronto mi sente|chi parla|chi è|chi siete"
    "|con chi parlo|sono io|sono sempre io|sono ancora io|io|mande|mi può sentire|è caduta la linea|c'è qualcuno"
    "|mi sentite bene|non si sente|non si sente niente|il mio nome|nome|cognome|perché|lei chi è|chi è lei"
)
YES = (
    "come no|eccome|certo che sì|direi di sì|credo di sì|penso di sì|certo|certamente|ma certo|ma sì|sicuro"
    "|sicuramente|volentieri|assolutamente|assolutamente sì|tutto a posto|tutto risolto|risolto|è risolto|sì è risolto"
    "|perfetto|benissimo|d'accordo|nessun problema|va benissimo|faccia pure|esattamente|senz'altro"
)
NO = (
    "certo che no|direi di no|credo di no|penso di no|non credo|non direi|macché|per niente|assolutamente no|ma no"
    "|mica tanto|preferirei di no|preferisco di no|meglio di no|non ancora|nemmeno per sogno|neanche per sogno"
    "|no grazie|non del tutto|non proprio|quasi|sì ma non del tutto|per niente risolto"
)
UNSURE = "perché no|perché|non lo so|non so|boh|mah|forse|magari|lo spero|spero di sì|speriamo|sì no|sì e no|vediamo"
