"""Words of many languages for synthetic talkers to say.

Common words, chosen so that every language's lip shapes occur: bilabials, labiodentals, round and spread
vowels. Sentences are drawn from them at random; what they mean does not matter to a mouth, and chance
brings more sound sequences together than prose does.
"""

from __future__ import annotations

import numpy as np

WORDS: dict[str, str] = {
    "en-us": (
        "about above people paper maybe number remember simple table problem family before five "
        "very never over move live love life half enough laugh voice village friend from fish foot "
        "food good would could woman water wonder always window between question quick quiet twelve "
        "show should shoe sugar fashion measure pleasure church chair teacher bridge orange judge "
        "thing think through mother father weather they those bath these three think teeth thumb "
        "see she key tea piece please green speak leave yellow year young use music beauty few view "
        "cat bad man apple happy back map hand angry bird word learn nurse early bottom box watch "
        "go boat home open over phone most hope cold boy toy point noise house mouth town brown loud "
        "ice my time bright light buy pie hat hot heart hill help rabbit red right round rope lip "
        "lamp little lemon film milk people bubble hammer summer member umbrella pepper puppy"
    ),
    "de": (
        "Apfel Baum Mutter Vater Bruder Freund fünf schön über müde Brötchen Bäume Haus Maus laufen "
        "Auge Pfeffer Pflaume Kopf Wasser wollen Vogel Wolke Wiese zwei zwölf Woche schwimmen "
        "sprechen Schule Fisch Tisch Mensch machen Milch ich nicht durch Buch Nacht Kuchen König "
        "mögen hören größer Löffel Küche Tür grün Hügel Bein klein mein Wein Feuer Leute heute neun "
        "ja Jahr Juni Butter Papier Lampe Puppe Abend Leben lieben bleiben geben Oma Opa Ofen Boot rot "
        "gut Hut Blume Musik singen lange Finger Morgen warm immer Zimmer kommen Sommer Himmel Pause"
    ),
    "fr": (
        "bonjour madame monsieur papa maman femme homme famille pomme pain vin bon beau bleu boire "
        "bouche feu peur peu deux neuf oeuf fleur heure soeur rue tu lune plume jupe musique voiture "
        "fenêtre porte maison jardin champ enfant temps blanc grand long pont monde nom combien chien "
        "demain matin main jambe lampe chambre simple pouvoir vouloir savoir avoir voir oui huit nuit "
        "pluie cuisine fruit lui vélo ville vivre livre lèvre frère père mère fête bête rouge jaune "
        "vert orange fromage village page chat chaise chemise poche bouche mouche beaucoup soupe pouce"
    ),
    "es": (
        "bueno buenos hombre mujer padre madre hermano amigo familia pueblo playa puerta ventana "
        "vino agua huevo nuevo nueve ocho noche leche mucho muchacho chico llave lluvia calle pollo "
        "caballo español niño mañana año baño sueño fuego fruta flor feliz fácil difícil blanco bonito "
        "azul verde rojo amarillo siempre tiempo también cambio hombro sombra lámpara campo primo "
        "pobre pan pez pies beber vivir volver llevar poder querer jugar jamás jefe viaje ojo oreja "
        "boca mano mapa uno mundo luna número música perro guerra tierra ropa arriba abajo mamá papá"
    ),
    "cmn-latn-pinyin": (
        "ni3 hao3 wo3 men5 ta1 ma1 ba4 peng2 you3 ming2 tian1 zuo2 wan3 shang4 xia4 wu3 bei3 jing1 "
        "shang4 hai3 zhong1 guo2 ren2 mian4 bao1 mi3 fan4 fang2 zi5 fei1 ji1 feng1 fu4 mu3 qin1 "
        "xue2 sheng5 lao3 shi1 shu1 shui3 huo3 che1 zhuo1 yu3 yue4 liang5 yun2 xiong1 di4 jie3 mei4 "
        "po2 mo2 bo1 fo2 gou3 mao1 niao3 yu2 niu2 nü3 lü4 lan2 hong2 huang2 bai2 hei1 da4 xiao3 duo1 "
        "shao3 kuai4 man4 pao3 pa2 pai1 ban1 bang1 mang2 meng4 ping2 pin3 bing1 min2 wei4 wen4 wang2"
    ),
    "ja": (
        "こんにちは わたし あなた おはよう ありがとう はは ちち かぞく ともだち まち みち みず うみ "
        "やま かわ そら ほし つき はな ふゆ なつ はる あき さかな ごはん パン みかん りんご ぶどう たまご "
        "ぎゅうにゅう びょういん べんきょう ほん かばん ぼうし めがね まど へや いえ えき でんしゃ ひこうき "
        "ふね ばす じてんしゃ しんぶん しゃしん ちゃ きょう あした きのう まいにち ゆうびん ようび ペン プール "
        "ポスト ピアノ バナナ ビル ボール マイク むし もも ものがたり わたる うわぎ さんぽ かんぱい ぜんぶ"
    ),
    "ru": (
        "мама папа брат сестра друг подруга семья дом окно дверь вода хлеб молоко рыба мясо яблоко "
        "вишня груша суп борщ пить петь бить быть мыть плыть жить любить говорить думать работать "
        "время утро вечер ночь день неделя месяц год весна лето осень зима снег дождь ветер небо "
        "солнце луна звезда море река гора поле лес дерево цветок собака кошка птица лошадь "
        "белый чёрный красный синий зелёный жёлтый большой маленький новый старый хороший плохой "
        "буква бумага пальма лампа шум жук шуба фабрика вафля фонарь туфли один пять семь восемь"
    ),
    "ar": (
        "مرحبا صباح مساء الخير بيت باب كتاب مكتب مدرسة معلم طالب ماء خبز لحم سمك تفاح موز برتقال "
        "أب أم أخ أخت ابن بنت صديق حبيب قلب يد عين فم أنف رأس شعر وجه يوم ليل شهر سنة شمس قمر "
        "سماء بحر جبل مدينة قرية شارع سيارة طائرة قطار كبير صغير جديد قديم جميل طويل قصير "
        "أبيض أسود أحمر أزرق أخضر أصفر يشرب يأكل يكتب يقرأ يفهم يعرف يحب يمشي فول فيل ملف مفتاح "
        "شباب حمام طبيب مطبخ موسيقى ومبارك فوق تحت مع من إلى على هذا هذه نعم لا شكرا عفوا"
    ),
    "hi": (
        "नमस्ते पानी माँ पिता भाई बहन दोस्त परिवार घर दरवाज़ा खिड़की किताब कलम फूल फल सेब आम केला "
        "रोटी चावल दूध चाय मीठा नमक बाज़ार दुकान पैसा रुपया समय सुबह शाम रात दिन महीना साल "
        "सूरज चाँद आसमान बादल बारिश हवा पहाड़ नदी समुद्र पेड़ पत्ता भाषा शब्द बात बोलना मिलना "
        "पीना पढ़ना लिखना बनाना भेजना मुझे तुम हम वह अब कब बहुत कम बड़ा छोटा लंबा मोटा पतला "
        "काला सफ़ेद लाल पीला हरा नीला फ़िल्म वापस विश्वास भूमि मछली बिल्ली मुर्गी बंदर भालू उम्मीद"
    ),
    "it": (
        "buongiorno mamma papà fratello sorella amico famiglia bambino uomo donna casa porta finestra "
        "acqua pane vino formaggio pomodoro uovo burro pepe zuppa bevo mangio voglio posso vivo parlo "
        "tempo mattina sera notte oggi domani settimana mese anno primavera estate autunno inverno "
        "bello brutto buono cattivo piccolo grande nuovo vecchio bianco nero rosso verde blu viola "
        "mare monte fiume fiore foglia figlio moglie bagno sogno pioggia giugno luglio lampada ombra"
    ),
    "pt-br": (
        "bom dia obrigado mãe pai irmão irmã amigo família homem mulher criança casa porta janela "
        "água pão vinho queijo maçã uva banana peixe ovo beber comer falar viver poder querer "
        "tempo manhã tarde noite hoje amanhã semana mês ano primavera verão outono inverno "
        "bonito feio bom mau pequeno grande novo velho branco preto vermelho verde azul amarelo "
        "mar rio flor folha filho sonho chuva junho julho lâmpada sombra um bombom também ombro"
    ),
    "tr": (
        "merhaba günaydın anne baba kardeş arkadaş aile ev kapı pencere su ekmek süt peynir elma üzüm "
        "muz balık yumurta içmek yemek konuşmak yaşamak bilmek sevmek zaman sabah akşam gece bugün "
        "yarın hafta ay yıl ilkbahar yaz sonbahar kış güzel çirkin iyi kötü küçük büyük yeni eski "
        "beyaz siyah kırmızı yeşil mavi sarı mor deniz ırmak çiçek yaprak çocuk rüya yağmur köprü "
        "lamba gölge pamuk bıçak fındık vapur uçak yumuşak kuvvet müzik öğretmen büfe ömür"
    ),
    "nl": (
        "goedemorgen moeder vader broer zus vriend familie man vrouw kind huis deur raam water brood "
        "melk kaas appel druif banaan vis ei boter peper drinken eten spreken leven weten houden "
        "tijd ochtend avond nacht vandaag morgen week maand jaar lente zomer herfst winter "
        "mooi lelijk goed slecht klein groot nieuw oud wit zwart rood groen blauw geel paars "
        "zee rivier bloem blad zoon droom regen lamp muis bruin buik bezem veulen neus beuk wolf"
    ),
}
"""Voice language of espeak-ng to words."""


def sentence(language: str, rng: np.random.Generator) -> str:
    """Three to nine random words with now and then a comma, ended by a full stop or question mark."""
    words = WORDS[language].split()
    chosen = [words[int(i)] for i in rng.integers(len(words), size=int(rng.integers(3, 10)))]
    marked = [word + ("," if rng.random() < 0.12 else "") for word in chosen]
    return " ".join(marked).rstrip(",") + ("?" if rng.random() < 0.2 else ".")
