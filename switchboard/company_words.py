"""The words of the invented company: names that people have, things that people ring about.  Nothing but data."""

from __future__ import annotations


def names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(","))


FIRST_NAMES = {
    "it-IT": names("""
        Alessandra, Alessio, Andrea, Angela, Antonella, Antonio, Barbara, Beatrice, Bruno, Camilla, Carla,
        Caterina, Claudio, Cristina, Daniela, Daniele, Diego, Donatella, Elena, Elisa, Emanuele, Enrico, Fabio,
        Fabrizio, Filippo, Franca, Francesca, Franco, Gabriele, Giacomo, Gianluca, Giorgio, Giovanna, Giuseppe,
        Ilaria, Irene, Laura, Leonardo, Lucia, Luigi, Manuela, Marcello, Margherita, Marina, Mario, Marta,
        Massimo, Michela, Michele, Mirella, Nicola, Ornella, Paola, Patrizia, Pietro, Raffaele, Renata, Riccardo,
        Roberto, Rosa, Salvatore, Serena, Silvia, Simone, Stefania, Tommaso, Umberto, Valentina, Vera, Vincenzo,
        Vittoria
    """),
    "en-GB": names("""
        Alan, Alice, Andrew, Charlotte, Christopher, Daniel, Eleanor, Emma, Fiona, Gareth, George, Harriet, Helen,
        Ian, Joanna, Jonathan, Laura, Margaret, Martin, Nicola, Oliver, Patrick, Priya, Rachel, Richard, Sophie,
        Stephen, Susan, Thomas, Victoria
    """),
    "de-DE": names("""
        Andreas, Anke, Barbara, Birgit, Christian, Claudia, Dirk, Elke, Florian, Frank, Friederike, Hannelore,
        Heike, Ingrid, Jörg, Jürgen, Karin, Lukas, Markus, Martina, Matthias, Monika, Nadine, Petra, Sabine,
        Sebastian, Silke, Ute, Wolfgang
    """),
    "fr-FR": names("""
        Agnès, Alain, Antoine, Aurélie, Benoît, Brigitte, Camille, Catherine, Céline, Christophe, Delphine,
        Émilie, Étienne, Fabienne, Florence, François, Gaëlle, Hélène, Isabelle, Julien, Laurent, Mathilde,
        Nathalie, Olivier, Pascal, Sylvie, Thierry, Véronique
    """),
}

FAMILY_NAMES = {
    "it-IT": names("""
        Amato, Barbieri, Basile, Battaglia, Bellini, Benedetti, Bernardi, Bianco, Bruno, Caputo, Carbone, Caruso,
        Cattaneo, Colombo, Coppola, Costa, D'Amico, D'Angelo, De Angelis, De Santis, Di Stefano, Donati, Fabbri,
        Farina, Ferrara, Ferraro, Ferri, Fontana, Galli, Gatti, Gentile, Giordano, Giuliani, Grassi, Grasso,
        Guerra, Leone, Lombardi, Longo, Mancini, Marchetti, Mariani, Marini, Martinelli, Martini, Mazza, Messina,
        Milani, Montanari, Monti, Morelli, Negri, Orlando, Palmieri, Palumbo, Parisi, Pellegrini, Pellegrino,
        Piras, Pozzi, Riva, Rizzi, Rizzo, Rossetti, Ruggiero, Russo, Sala, Sanna, Santini, Serra, Silvestri,
        Sorrentino, Valentini, Villa, Vitale
    """),
    "en-GB": names("""
        Allen, Atkinson, Bennett, Bradley, Campbell, Chapman, Clarke, Davies, Ellis, Fletcher, Foster, Graham,
        Hughes, Jenkins, Kelly, Lawson, Marshall, Murray, O'Brien, Palmer, Patel, Pearson, Reid, Richardson, Shaw,
        Thornton, Turner, Walsh, Watson, Wright
    """),
    "de-DE": names("""
        Albrecht, Bauer, Becker, Böhm, Brandt, Fischer, Friedrich, Haas, Hartmann, Hofmann, Huber, Kaiser, Köhler,
        Krüger, Lehmann, Lorenz, Maier, Neumann, Pfeiffer, Richter, Roth, Schäfer, Schmitt, Schreiber, Schubert,
        Seidel, Vogt, Weiß, Winkler, Zimmermann
    """),
    "fr-FR": names("""
        Barbier, Blanchard, Bonnet, Boucher, Caron, Chevalier, Delacroix, Dubois, Dumont, Faure, Garnier,
        Gauthier, Girard, Guérin, Lambert, Leclerc, Lefèvre, Lemoine, Marchand, Mercier, Moreau, Noël, Perrin,
        Renard, Rousseau, Roussel, Simon, Vasseur, Vidal
    """),
}

# What people ring about: topic -> summaries as an agent writes them, by the language of the conversation.
TOPICS: dict[str, dict[str, tuple[str, ...]]] = {
    "delivery": {
        "it": (
            "Consegna spostata a giovedì mattina, d'accordo con il corriere.",
            "Pacco fermo in deposito: sbloccato, arriva domani.",
            "Chiede di lasciare il pacco in portineria. Aggiunto alla spedizione.",
        ),
        "en": (
            "Parcel held at customs. Sent the commercial invoice again, should move tomorrow.",
            "Moved the delivery to Thursday morning.",
            "Asked to leave the parcel with the neighbour at number 14.",
        ),
    },
    "repair": {
        "it": (
            "Abat-jour caduta, braccio piegato. Ritiro prenotato, preventivo entro tre giorni.",
            "La lampada è pronta in laboratorio. Passa a prenderla sabato.",
            "Cablaggio vecchio da rifare. Accettato il preventivo di 85 euro.",
        ),
        "en": (
            "Arm of the desk lamp bent in a fall. Collection booked, quote within three days.",
            "The lamp is repaired and on its way back.",
            "Old wiring to be replaced. Accepted the quote of 85 euros.",
        ),
    },
    "spare part": {
        "it": (
            "Serve il diffusore in vetro opalino del modello Alba. Ne abbiamo due, spedito.",
            "Interruttore a bilico per la Nora del 2019. Inviato gratis.",
            "Guarnizione della sospensione da esterno. Ordinata al fornitore.",
        ),
        "en": (
            "Needs the opal glass for an Alba. Two in stock, sent one.",
            "Rocker switch for a Nora of 2019. Sent free of charge.",
            "Gasket of the outdoor pendant. Ordered from the supplier.",
        ),
    },
    "invoice": {
        "it": (
            "Fattura da intestare allo studio, non alla persona. Corretta e rispedita.",
            "Chiede il pagamento in due rate. Accordato con l'amministrazione.",
            "Nota di credito per la lampada resa: emessa oggi.",
        ),
        "en": (
            "Invoice to be made out to the practice. Corrected and sent again.",
            "Asked to pay in two instalments. Agreed with accounts.",
            "Credit note for the returned lamp issued today.",
        ),
    },
    "installation": {
        "it": (
            "Sospensione da sette chili su soffitto in cartongesso: spiegato il tassello giusto, passo per passo.",
            "L'elettricista chiede lo schema del driver. Mandato per posta elettronica.",
            "Applique montate al contrario. Risolto al telefono, era felice.",
        ),
        "en": (
            "Seven kilo pendant on plasterboard: explained the right anchor step by step.",
            "Electrician needs the wiring diagram of the driver. Sent by e-mail.",
            "Wall lights fitted upside down. Solved on the phone, laughed about it.",
        ),
    },
    "dimmer": {
        "it": (
            "La luce sfarfalla sotto il 20%. Dimmer non compatibile, consigliato il modello giusto.",
            "Ronzio con il dimmer: sostituito il trasformatore.",
            "Vuole regolare tre lampade insieme. Spiegato come collegarle.",
        ),
        "en": (
            "Flickers below twenty per cent. Dimmer not compatible, recommended the right one.",
            "Hum with the dimmer. Transformer to be replaced.",
            "Wants to dim three lamps together. Explained how to connect them.",
        ),
    },
    "made to measure": {
        "it": (
            "Lampada da tavolo per dodici persone, ottone spazzolato. Mandato il disegno.",
            "Approvato il campione di tessuto per i paralumi del salotto.",
            "Vuole la stessa luce della casa della nonna. Ha mandato una fotografia, ci lavora Sara.",
        ),
        "en": (
            "Light for a table of twelve, brushed brass. Sent the drawing.",
            "Fabric sample for the drawing-room shades approved.",
            "Wants the same light as in her grandmother's house. Sent a photograph.",
        ),
    },
    "warranty": {
        "it": (
            "LED spento dopo tredici mesi: in garanzia, lo cambiamo.",
            "Garanzia estesa registrata per l'ordine di marzo.",
            "Alimentatore guasto, coperto. Il nuovo parte oggi.",
        ),
        "en": (
            "LED dead after thirteen months: under warranty, we replace it.",
            "Extended warranty registered for the order of March.",
            "Power supply failed, covered. The new one leaves today.",
        ),
    },
}  # fmt: skip

STYLES = (
    "step by step, with measures",
    "in pictures: how the room will look",
    "brief, rings between two meetings",
    "likes a chat first",
    "slowly and clearly",
    "with figures and dates",
)
