/** The emoji that can be picked and completed: each with its English and its Chinese words. Loaded when first wanted. */

const TABLE = `
👍 thumbsup yes good ok|赞 好|👎 thumbsdown no bad|踩 差|❤️ heart love|心 爱|🔥 fire hot|火|🎉 tada party celebrate|庆祝|👏 clap bravo|鼓掌
🙏 pray thanks please|谢谢 拜托|👀 eyes look|看|💯 hundred perfect|满分|✅ check done yes|完成 对|❌ cross no wrong|错 不|⚠️ warning|警告
🚀 rocket ship launch|火箭|💡 idea bulb|想法|📌 pin|图钉|🐛 bug|虫 错误|🔧 wrench fix|修|🍵 tea|茶
😀 grinning smile|笑|😄 smile happy|开心|😁 beaming grin|咧嘴|😅 sweat relief|汗|😂 joy lol laugh|笑哭|🤣 rofl laugh|大笑
🙂 slight_smile|微笑|🙃 upside_down|倒|😉 wink|眨眼|😊 blush|害羞|😇 innocent angel|天使|🥰 adore love|喜欢
😍 heart_eyes love|爱心眼|🤩 star_eyes wow|星星眼|😘 kiss|亲|😋 yum tasty|好吃|😛 tongue|吐舌|🤔 thinking hmm|想 思考
🤨 eyebrow doubt|怀疑|😐 neutral|无语|😑 expressionless|面无表情|😏 smirk|得意|😒 unamused|不爽|🙄 eyeroll|白眼
😬 grimace|尴尬|😌 relieved calm|放心|😔 pensive sad|难过|😴 sleep zzz|睡|😷 mask sick|口罩|🤒 fever sick|发烧
🤯 mind_blown|震惊|🥳 partying|派对|😎 cool sunglasses|酷|🤓 nerd|书呆|😕 confused|困惑|😟 worried|担心
😮 open_mouth wow|哇|😲 astonished|惊|🥺 pleading please|求|😢 cry sad|哭|😭 sob cry|大哭|😱 scream fear|吓
😤 triumph huff|哼|😡 angry mad|生气|🤬 swear|骂|💀 skull dead|骷髅|💩 poop|屎|🤡 clown|小丑
👻 ghost|鬼|👽 alien|外星人|🤖 robot bot|机器人|😺 cat_smile|猫|🙈 see_no_evil monkey|不看|🙌 raised_hands hooray|举手
👋 wave hello bye|挥手 你好|🤚 hand stop|手|✋ raised_hand stop|停|👌 ok_hand|好|🤏 pinch small|一点|✌️ victory peace|胜利
🤞 fingers_crossed luck|祝好运|🤝 handshake deal|握手|👊 fist bump|拳|✊ raised_fist|拳头|👈 left|左|👉 right|右
👆 up above|上|👇 down below|下|☝️ point one|一|💪 muscle strong|加油 强|🧠 brain|脑|👁️ eye|眼
🧑 person|人|👩 woman|女|👨 man|男|👶 baby|宝宝|🧑‍💻 coder developer|程序员|🤷 shrug dunno|耸肩 不知道
🤦 facepalm|捂脸|🙋 raising_hand me|我|🏃 run|跑|💃 dance|跳舞|🧘 calm meditate|静|🛌 bed sleep|睡觉
💚 green_heart|绿心|💙 blue_heart|蓝心|💛 yellow_heart|黄心|🧡 orange_heart|橙心|💜 purple_heart|紫心|🖤 black_heart|黑心
💔 broken_heart|心碎|💕 two_hearts|爱|✨ sparkles shine|闪|⭐ star|星|🌟 glowing_star|星|💥 boom|爆
💦 drops sweat|水|💤 zzz|睡|💬 speech comment|说|🎵 music note|音乐|🎶 notes music|音乐|🔔 bell|铃
☕ coffee|咖啡|🍺 beer|啤酒|🍻 cheers beers|干杯|🥂 toast cheers|干杯|🍷 wine|酒|🧋 bubble_tea|奶茶
🍎 apple|苹果|🍊 orange|橘子|🍋 lemon|柠檬|🍉 watermelon|西瓜|🍓 strawberry|草莓|🍑 peach|桃
🍞 bread|面包|🥐 croissant|牛角包|🧀 cheese|奶酪|🍔 burger|汉堡|🍕 pizza|披萨|🌮 taco|玉米饼
🍜 noodles ramen|面|🍚 rice|米饭|🥟 dumpling|饺子|🍣 sushi|寿司|🍰 cake|蛋糕|🎂 birthday cake|生日
🍪 cookie|饼干|🍫 chocolate|巧克力|🍿 popcorn|爆米花|🥢 chopsticks|筷子|🫖 teapot|茶壶|🥮 mooncake|月饼
🐶 dog|狗|🐱 cat|猫|🐭 mouse|鼠|🐰 rabbit|兔|🦊 fox|狐|🐻 bear|熊
🐼 panda|熊猫|🐯 tiger|虎|🦁 lion|狮|🐮 cow|牛|🐷 pig|猪|🐸 frog|蛙
🐵 monkey|猴|🐔 chicken|鸡|🐧 penguin|企鹅|🐦 bird|鸟|🐴 horse|马|🦄 unicorn|独角兽
🐝 bee|蜂|🦋 butterfly|蝴蝶|🐢 turtle slow|龟 慢|🐍 snake python|蛇|🐉 dragon|龙|🐳 whale|鲸
🌸 blossom flower|花|🌹 rose|玫瑰|🌻 sunflower|向日葵|🌱 seedling grow|芽|🌲 tree|树|🍀 clover luck|四叶草
🍁 maple autumn|枫叶|🍃 leaves|叶|🎋 bamboo|竹|🌍 earth world|地球|🌙 moon night|月|☀️ sun|太阳
⛅ cloud|云|🌧️ rain|雨|⛈️ storm|雷雨|❄️ snow|雪|🌈 rainbow|彩虹|🌊 wave sea|浪
🏠 house home|家|🏢 office|办公室|🏥 hospital|医院|🏫 school|学校|⛩️ shrine|神社|🏯 castle|城
🚗 car|车|🚕 taxi|出租车|🚌 bus|公交|🚆 train|火车|✈️ plane flight|飞机|🚲 bike|自行车
⌚ watch|手表|📱 phone|手机|💻 laptop computer|电脑|⌨️ keyboard|键盘|🖨️ printer|打印|📷 camera|相机
📞 call|电话|🔋 battery|电池|🔌 plug|插头|💾 disk save|保存|📁 folder|文件夹|📄 page document|文件
📝 memo write note|记|📅 calendar date|日历|📈 chart up|涨|📉 chart_down|跌|📎 clip attach|回形针|🔍 search find|搜
🔒 lock|锁|🔓 unlock|开锁|🔑 key|钥匙|🔨 hammer|锤|⚙️ gear settings|设置|🧪 test|测试
📦 package box|包|📬 mail|邮件|📣 megaphone announce|喇叭|⏰ alarm time|闹钟|⏳ hourglass wait|等|🏁 finish flag|终点
🏆 trophy win|奖杯|🥇 gold first|金牌|⚽ football soccer|足球|🏀 basketball|篮球|🎮 game|游戏|🎲 dice|骰子
🎨 art paint|画|🎬 movie film|电影|🎤 sing mic|唱|🎧 headphones|耳机|📚 books read|书|🎓 graduate|毕业
💰 money|钱|🎁 gift present|礼物|🎈 balloon|气球|🧧 red_envelope|红包|🏮 lantern|灯笼|🎆 fireworks|烟花
❓ question|问|❗ exclamation|叹号|➕ plus add|加|➖ minus|减|♻️ recycle|循环|🆗 ok_button|好
🔴 red|红|🟠 orange_circle|橙|🟡 yellow|黄|🟢 green|绿|🔵 blue|蓝|⚫ black|黑
`;

export interface Emoji {
  readonly emoji: string;
  readonly words: readonly string[];
}

export const EMOJI: readonly Emoji[] = read();

function read(): Emoji[] {
  const parts = TABLE.trim().split(/[|\n]/);
  const found: Emoji[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [emoji, ...words] = parts[at]!.trim().split(" ");
    found.push({ emoji: emoji!, words: [...words, ...parts[at + 1]!.trim().split(" ")] });
  }
  return found;
}

/** Emoji for what was typed after a colon; words that begin so come first. */
export function emojiFor(typed: string, most: number): Emoji[] {
  const wanted = typed.toLowerCase();
  const begins = EMOJI.filter((each) => each.words.some((word) => word.startsWith(wanted)));
  const has = EMOJI.filter((each) => !begins.includes(each) && each.words.some((word) => word.includes(wanted)));
  return [...begins, ...has].slice(0, most);
}
